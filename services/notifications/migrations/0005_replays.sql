-- Deliveries up to and including cursor_id are dealt with; a replay continues from there whoever runs it.
CREATE TABLE replays (
    id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
    livemode TINYINT(1) NOT NULL,
    merchant_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    selection TEXT NOT NULL,
    actor VARCHAR(128) NOT NULL,
    state VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    cursor_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    until_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    examined INT UNSIGNED NOT NULL DEFAULT 0,
    replayed INT UNSIGNED NOT NULL DEFAULT 0,
    created_at DATETIME(6) NOT NULL,
    finished_at DATETIME(6) NULL,
    KEY merchant (merchant_id, livemode, id),
    KEY state (state, id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin
