CREATE TABLE `callbacks` (
  `connector` varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `callback_id` varchar(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `reference` varchar(40) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `payment_id` varchar(64) CHARACTER SET ascii COLLATE ascii_bin DEFAULT NULL,
  `body` mediumblob NOT NULL,
  `received_at` datetime(6) NOT NULL DEFAULT current_timestamp(6),
  `result` varchar(255) NOT NULL DEFAULT 'received',
  `tries` smallint(5) unsigned NOT NULL DEFAULT 0,
  `apply_at` datetime(6) DEFAULT NULL,
  PRIMARY KEY (`connector`,`callback_id`),
  KEY `by_payment` (`payment_id`),
  KEY `owed` (`apply_at`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE `consumer_floors` (
  `stream` varchar(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `partition_no` smallint(5) unsigned NOT NULL,
  `group_name` varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `entry_fence` bigint(20) unsigned NOT NULL,
  `entry_seq` bigint(20) unsigned NOT NULL,
  `updated_at` datetime(6) NOT NULL,
  PRIMARY KEY (`stream`,`partition_no`,`group_name`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE `daily_spending` (
  `merchant_id` varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `livemode` tinyint(1) NOT NULL,
  `currency` char(3) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `day` date NOT NULL,
  `amount_minor` bigint(20) NOT NULL DEFAULT 0,
  PRIMARY KEY (`merchant_id`,`livemode`,`currency`,`day`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE `dead_letters` (
  `id` varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `group_name` varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `stream` varchar(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `partition_no` smallint(5) unsigned NOT NULL,
  `event_id` varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `aggregate_id` varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `payload` mediumblob NOT NULL,
  `traceparent` varchar(55) CHARACTER SET ascii COLLATE ascii_bin DEFAULT NULL,
  `reason` varchar(500) NOT NULL,
  `tries` int(10) unsigned NOT NULL,
  `created_at` datetime(6) NOT NULL,
  `replayed_at` datetime(6) DEFAULT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `event` (`group_name`,`event_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE `decisions` (
  `id` varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `payment_id` varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `version` bigint(20) unsigned NOT NULL,
  `kind` varchar(40) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `status` varchar(40) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `actor` varchar(128) NOT NULL,
  `detail` blob NOT NULL,
  `occurred_at` datetime(6) NOT NULL,
  `recorded_at` datetime(6) NOT NULL DEFAULT current_timestamp(6),
  PRIMARY KEY (`id`),
  UNIQUE KEY `version_guard` (`payment_id`,`version`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE `directory_entries` (
  `kind` varchar(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `subject` varchar(160) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `version` bigint(20) unsigned NOT NULL,
  `seq` bigint(20) unsigned NOT NULL,
  `state` mediumblob NOT NULL,
  PRIMARY KEY (`kind`,`subject`),
  KEY `seq` (`seq`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE `directory_state` (
  `id` tinyint(3) unsigned NOT NULL,
  `epoch` varchar(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT '',
  `floor` bigint(20) unsigned NOT NULL DEFAULT 0,
  `seq` bigint(20) unsigned NOT NULL DEFAULT 0,
  `rebuilds` int(10) unsigned NOT NULL DEFAULT 0,
  PRIMARY KEY (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE `external_references` (
  `connector` varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `kind` varchar(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `value` varchar(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `operation_id` varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `payment_id` varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  PRIMARY KEY (`connector`,`kind`,`value`,`operation_id`),
  KEY `by_payment` (`payment_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE `idempotency_keys` (
  `key_id` char(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `livemode` tinyint(1) NOT NULL DEFAULT 0,
  `merchant_id` varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT '',
  `idempotency_key` varchar(255) NOT NULL DEFAULT '',
  `route` varchar(200) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT '',
  `request_hash` char(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT '',
  `decision_id` varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT '',
  `payment_id` varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT '',
  `status` smallint(5) unsigned DEFAULT NULL,
  `reply` mediumblob DEFAULT NULL,
  `created_at` datetime(6) NOT NULL DEFAULT current_timestamp(6),
  `replied_at` datetime(6) DEFAULT NULL,
  PRIMARY KEY (`key_id`),
  KEY `expiring` (`replied_at`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE `inbox` (
  `consumer` varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `event_id` varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `created_at` datetime(6) NOT NULL,
  PRIMARY KEY (`consumer`,`event_id`),
  KEY `age` (`created_at`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE `leases` (
  `name` varchar(160) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `holder` varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `fence` bigint(20) unsigned NOT NULL,
  `expires_at` datetime(6) NOT NULL DEFAULT '1970-01-01 00:00:00.000000',
  PRIMARY KEY (`name`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE `ledger_entries` (
  `decision_id` varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `line` smallint(5) unsigned NOT NULL,
  `livemode` tinyint(1) NOT NULL,
  `merchant_id` varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `connector` varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `currency` char(3) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `purpose` varchar(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `amount_minor` bigint(20) NOT NULL,
  `payment_id` varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `operation_id` varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `recorded_at` datetime(6) NOT NULL DEFAULT current_timestamp(6),
  PRIMARY KEY (`decision_id`,`line`),
  KEY `balance` (`merchant_id`,`livemode`,`currency`,`purpose`,`connector`,`amount_minor`),
  KEY `by_payment` (`payment_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE `operations` (
  `id` varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `payment_id` varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `livemode` tinyint(1) NOT NULL,
  `merchant_id` varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `verb` varchar(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `state` varchar(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `repairing` tinyint(1) NOT NULL,
  `amount_minor` bigint(20) NOT NULL,
  `currency` char(3) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `connector` varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `reference` varchar(40) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `created_at` datetime(6) NOT NULL,
  `finished_at` datetime(6) DEFAULT NULL,
  `ask_at` datetime(6) DEFAULT NULL,
  `asked` smallint(5) unsigned NOT NULL DEFAULT 0,
  PRIMARY KEY (`id`),
  KEY `reference` (`connector`,`reference`),
  KEY `list` (`merchant_id`,`livemode`,`verb`,`id`),
  KEY `by_payment` (`payment_id`),
  KEY `owed` (`ask_at`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE `outbox` (
  `seq` bigint(20) unsigned NOT NULL AUTO_INCREMENT,
  `event_id` varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `stream` varchar(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `partition_no` smallint(5) unsigned NOT NULL,
  `livemode` tinyint(1) DEFAULT NULL,
  `merchant_id` varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `aggregate_id` varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `version` bigint(20) unsigned NOT NULL,
  `n` smallint(5) unsigned NOT NULL,
  `type` varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `payload` mediumblob NOT NULL,
  `traceparent` varchar(55) CHARACTER SET ascii COLLATE ascii_bin DEFAULT NULL,
  `occurred_at` datetime(6) NOT NULL,
  `entry_fence` bigint(20) unsigned DEFAULT NULL,
  `entry_seq` bigint(20) unsigned DEFAULT NULL,
  PRIMARY KEY (`seq`),
  UNIQUE KEY `event` (`event_id`),
  UNIQUE KEY `decision_order` (`aggregate_id`,`version`,`n`),
  KEY `entry` (`stream`,`partition_no`,`entry_fence`,`entry_seq`),
  KEY `merchant` (`merchant_id`,`livemode`,`seq`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE `payments` (
  `id` varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `livemode` tinyint(1) NOT NULL,
  `merchant_id` varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `version` bigint(20) unsigned NOT NULL,
  `config_version` bigint(20) unsigned NOT NULL,
  `status` varchar(40) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `amount_minor` bigint(20) NOT NULL,
  `currency` char(3) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `merchant_reference` varchar(255) DEFAULT NULL,
  `expires_at` datetime(6) DEFAULT NULL,
  `created_at` datetime(6) NOT NULL,
  `body` mediumblob NOT NULL,
  PRIMARY KEY (`id`),
  KEY `list` (`merchant_id`,`livemode`,`id`),
  KEY `by_reference` (`merchant_id`,`livemode`,`merchant_reference`,`id`),
  KEY `expiring` (`expires_at`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE `stream_floors` (
  `stream` varchar(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `partition_no` smallint(5) unsigned NOT NULL,
  `group_name` varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `entry_fence` bigint(20) unsigned NOT NULL,
  `entry_seq` bigint(20) unsigned NOT NULL,
  `updated_at` datetime(6) NOT NULL,
  PRIMARY KEY (`stream`,`partition_no`,`group_name`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
