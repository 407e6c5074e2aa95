CREATE TABLE attempts (
    delivery_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    number INT UNSIGNED NOT NULL,
    livemode TINYINT(1) NOT NULL,
    started_at DATETIME(6) NOT NULL,
    duration_us BIGINT UNSIGNED NULL,
    status SMALLINT UNSIGNED NULL,
    failure VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NULL,
    detail VARCHAR(200) NOT NULL,
    url VARCHAR(2048) NOT NULL,
    request_headers TEXT NOT NULL,
    excerpt VARBINARY(1024) NOT NULL,
    PRIMARY KEY (delivery_id, number)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin
