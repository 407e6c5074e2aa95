-- owner_*: the resource that the configuration belongs to, the generation last taken from it and the version that made.
CREATE TABLE merchants (
    id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
    display_name VARCHAR(200) NOT NULL,
    disabled_at DATETIME(6) NULL,
    config_version BIGINT UNSIGNED NULL,
    owner_uid VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL,
    owner_generation BIGINT UNSIGNED NULL,
    owner_version BIGINT UNSIGNED NULL,
    break_glass_until DATETIME(6) NULL,
    break_glass_reason VARCHAR(500) NULL,
    created_at DATETIME(6) NOT NULL,
    updated_at DATETIME(6) NOT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin
