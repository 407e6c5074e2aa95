-- key_id is a hash of (mode, merchant, key). The row is written with the first decision that it caused, and `reply` once.
CREATE TABLE idempotency_keys (
    key_id CHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
    livemode TINYINT(1) NOT NULL DEFAULT 0,
    merchant_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT '',
    idempotency_key VARCHAR(255) NOT NULL DEFAULT '',
    route VARCHAR(200) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT '',
    request_hash CHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT '',
    decision_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT '',
    payment_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT '',
    status SMALLINT UNSIGNED NULL,
    reply MEDIUMBLOB NULL,
    created_at DATETIME(6) NOT NULL DEFAULT NOW(6),
    replied_at DATETIME(6) NULL,
    KEY expiring (replied_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin
