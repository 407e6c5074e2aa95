-- Only merchants with a daily limit have rows. Added to by decisions; a refused authorisation is taken off again.
CREATE TABLE daily_spending (
    merchant_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    livemode TINYINT(1) NOT NULL,
    currency CHAR(3) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    day DATE NOT NULL,
    amount_minor BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (merchant_id, livemode, currency, day)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin
