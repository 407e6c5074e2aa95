-- What acquirers told us, stored before they are answered. `apply_at` is set until it has been applied or set aside.
CREATE TABLE callbacks (
    connector VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    callback_id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    reference VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    payment_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL,
    body MEDIUMBLOB NOT NULL,
    received_at DATETIME(6) NOT NULL DEFAULT NOW(6),
    result VARCHAR(255) NOT NULL DEFAULT 'received',
    tries SMALLINT UNSIGNED NOT NULL DEFAULT 0,
    apply_at DATETIME(6) NULL,
    PRIMARY KEY (connector, callback_id),
    KEY by_payment (payment_id),
    KEY owed (apply_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin
