-- The aggregate is `body`; the other columns are what lists and sweeps ask for, written from the same decision.
CREATE TABLE payments (
    id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
    livemode TINYINT(1) NOT NULL,
    merchant_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    version BIGINT UNSIGNED NOT NULL,
    config_version BIGINT UNSIGNED NOT NULL,
    status VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    amount_minor BIGINT NOT NULL,
    currency CHAR(3) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    merchant_reference VARCHAR(255) NULL,
    expires_at DATETIME(6) NULL,
    created_at DATETIME(6) NOT NULL,
    body MEDIUMBLOB NOT NULL,
    KEY list (merchant_id, livemode, id),
    KEY by_reference (merchant_id, livemode, merchant_reference, id),
    KEY expiring (expires_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin
