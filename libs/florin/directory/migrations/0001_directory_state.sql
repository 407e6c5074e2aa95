-- One row. floor: every change up to it is in directory_entries. seq: counts what was written here, in the order of
-- commits, so that each replica finds what is new to it. rebuilds: rises when everything was replaced.
CREATE TABLE directory_state (
    id TINYINT UNSIGNED NOT NULL PRIMARY KEY,
    epoch VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT '',
    floor BIGINT UNSIGNED NOT NULL DEFAULT 0,
    seq BIGINT UNSIGNED NOT NULL DEFAULT 0,
    rebuilds INT UNSIGNED NOT NULL DEFAULT 0
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin
