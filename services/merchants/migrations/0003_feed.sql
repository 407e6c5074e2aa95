-- The newest state of each thing, as the other services are told it; of configurations, each version.
CREATE TABLE feed (
    version BIGINT UNSIGNED NOT NULL PRIMARY KEY,
    kind VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    subject VARCHAR(160) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    state MEDIUMBLOB NOT NULL,
    UNIQUE KEY subject (kind, subject)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin
