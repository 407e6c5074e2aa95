-- One row, locked by every transaction that changes something: so versions are in the order of commits, and a reader of
-- the feed that saw a version has seen all below it. epoch names this database: numbers of another mean nothing here.
CREATE TABLE change_counter (
    id TINYINT UNSIGNED NOT NULL PRIMARY KEY,
    epoch VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    version BIGINT UNSIGNED NOT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin
