-- What each consumer group has reported: everything at or below its floor is processed. Only ever rises.
CREATE TABLE stream_floors (
    stream VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    partition_no SMALLINT UNSIGNED NOT NULL,
    group_name VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    entry_fence BIGINT UNSIGNED NOT NULL,
    entry_seq BIGINT UNSIGNED NOT NULL,
    updated_at DATETIME(6) NOT NULL,
    PRIMARY KEY (stream, partition_no, group_name)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin
