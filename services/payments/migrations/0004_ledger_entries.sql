-- Double entry; debits are positive. The entries of one decision are one transaction and sum to zero for each currency.
CREATE TABLE ledger_entries (
    decision_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    line SMALLINT UNSIGNED NOT NULL,
    livemode TINYINT(1) NOT NULL,
    merchant_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    connector VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    currency CHAR(3) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    purpose VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    amount_minor BIGINT NOT NULL,
    payment_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    operation_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    recorded_at DATETIME(6) NOT NULL DEFAULT NOW(6),
    PRIMARY KEY (decision_id, line),
    KEY balance (merchant_id, livemode, currency, purpose, connector, amount_minor),
    KEY by_payment (payment_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin
