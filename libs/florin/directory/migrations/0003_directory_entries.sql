-- The newest known state of each thing (of a configuration: each version), as merchants published it.
CREATE TABLE directory_entries (
    kind VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    subject VARCHAR(160) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    version BIGINT UNSIGNED NOT NULL,
    seq BIGINT UNSIGNED NOT NULL,
    state MEDIUMBLOB NOT NULL,
    PRIMARY KEY (kind, subject),
    KEY seq (seq)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin
