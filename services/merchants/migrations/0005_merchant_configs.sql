-- Every version for ever: payments refer to the one that they began with.
CREATE TABLE merchant_configs (
    config_version BIGINT UNSIGNED NOT NULL PRIMARY KEY,
    merchant_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    spec MEDIUMBLOB NOT NULL,
    owner_uid VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL,
    owner_generation BIGINT UNSIGNED NULL,
    reason VARCHAR(500) NULL,
    created_at DATETIME(6) NOT NULL,
    KEY merchant (merchant_id, config_version)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin
