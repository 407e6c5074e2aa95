-- How far each replica of the other services has come, as it said last.
CREATE TABLE replicas (
    service VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    replica VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    epoch VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    floor BIGINT UNSIGNED NOT NULL,
    lease_until DATETIME(6) NOT NULL,
    PRIMARY KEY (service, replica)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin
