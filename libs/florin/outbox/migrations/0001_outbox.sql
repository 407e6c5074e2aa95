-- seq pages and breaks ties; order is (aggregate_id, version, n). Unpublished rows have no entry: entry_fence IS NULL.
-- One index serves the relay three ways: unpublished rows (NULL, NULL, seq), rows past a floor, rows below it.
CREATE TABLE outbox (
    seq BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
    event_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    stream VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    partition_no SMALLINT UNSIGNED NOT NULL,
    livemode TINYINT(1) NULL,
    merchant_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    aggregate_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    version BIGINT UNSIGNED NOT NULL,
    n SMALLINT UNSIGNED NOT NULL,
    type VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    payload MEDIUMBLOB NOT NULL,
    traceparent VARCHAR(55) CHARACTER SET ascii COLLATE ascii_bin NULL,
    occurred_at DATETIME(6) NOT NULL,
    entry_fence BIGINT UNSIGNED NULL,
    entry_seq BIGINT UNSIGNED NULL,
    UNIQUE KEY event (event_id),
    UNIQUE KEY decision_order (aggregate_id, version, n),
    KEY entry (stream, partition_no, entry_fence, entry_seq),
    KEY merchant (merchant_id, livemode, seq)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin
