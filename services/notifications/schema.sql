CREATE TABLE `attempts` (
  `delivery_id` varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `number` int(10) unsigned NOT NULL,
  `livemode` tinyint(1) NOT NULL,
  `started_at` datetime(6) NOT NULL,
  `duration_us` bigint(20) unsigned DEFAULT NULL,
  `status` smallint(5) unsigned DEFAULT NULL,
  `failure` varchar(32) CHARACTER SET ascii COLLATE ascii_bin DEFAULT NULL,
  `detail` varchar(200) NOT NULL,
  `url` varchar(2048) NOT NULL,
  `request_headers` text NOT NULL,
  `excerpt` varbinary(1024) NOT NULL,
  PRIMARY KEY (`delivery_id`,`number`)
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

CREATE TABLE `deliveries` (
  `id` varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `livemode` tinyint(1) NOT NULL,
  `merchant_id` varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `endpoint_id` varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `message_id` varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `event_type` varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `aggregate_id` varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `sequence` bigint(20) unsigned NOT NULL,
  `n` smallint(5) unsigned NOT NULL,
  `state` varchar(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `reason` varchar(64) CHARACTER SET ascii COLLATE ascii_bin DEFAULT NULL,
  `attempts` int(10) unsigned NOT NULL,
  `attempts_before` int(10) unsigned NOT NULL DEFAULT 0,
  `next_attempt_at` datetime(6) DEFAULT NULL,
  `claimed_by` varchar(64) CHARACTER SET ascii COLLATE ascii_bin DEFAULT NULL,
  `created_at` datetime(6) NOT NULL,
  `finished_at` datetime(6) DEFAULT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `message` (`message_id`,`endpoint_id`,`livemode`),
  KEY `due` (`state`,`endpoint_id`,`next_attempt_at`),
  KEY `aggregate` (`aggregate_id`,`endpoint_id`,`sequence`,`n`),
  KEY `merchant` (`merchant_id`,`livemode`,`id`)
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

CREATE TABLE `endpoints` (
  `id` varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `livemode` tinyint(1) NOT NULL,
  `merchant_id` varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `name` varchar(63) CHARACTER SET ascii COLLATE ascii_bin DEFAULT NULL,
  `url` varchar(2048) NOT NULL,
  `description` varchar(500) NOT NULL,
  `events` text NOT NULL,
  `state` varchar(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `state_reason` varchar(200) DEFAULT NULL,
  `ordering` varchar(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `retry_policy` text DEFAULT NULL,
  `default_retry_policy` text NOT NULL,
  `timeout_s` smallint(5) unsigned NOT NULL,
  `max_in_flight` smallint(5) unsigned NOT NULL,
  `rate_per_s` int(10) unsigned DEFAULT NULL,
  `secret` varbinary(1024) NOT NULL,
  `previous_secret` varbinary(1024) DEFAULT NULL,
  `previous_secret_expires_at` datetime(6) DEFAULT NULL,
  `secret_ref` varchar(63) CHARACTER SET ascii COLLATE ascii_bin DEFAULT NULL,
  `version` bigint(20) unsigned NOT NULL,
  `failures` int(10) unsigned NOT NULL DEFAULT 0,
  `blocked_until` datetime(6) DEFAULT NULL,
  `created_at` datetime(6) NOT NULL,
  `updated_at` datetime(6) NOT NULL,
  `api_version` varchar(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT '2026-11-01',
  PRIMARY KEY (`id`),
  UNIQUE KEY `managed` (`merchant_id`,`livemode`,`name`),
  KEY `merchant` (`merchant_id`,`livemode`,`id`)
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

CREATE TABLE `managed_configs` (
  `merchant_id` varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `config_version` bigint(20) unsigned NOT NULL,
  PRIMARY KEY (`merchant_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE `messages` (
  `livemode` tinyint(1) NOT NULL,
  `id` varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `merchant_id` varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `event_type` varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `aggregate_id` varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `body` mediumblob NOT NULL,
  `traceparent` varchar(55) CHARACTER SET ascii COLLATE ascii_bin DEFAULT NULL,
  `occurred_at` datetime(6) NOT NULL,
  `recorded_at` datetime(6) NOT NULL,
  PRIMARY KEY (`id`,`livemode`)
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

CREATE TABLE `replays` (
  `id` varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `livemode` tinyint(1) NOT NULL,
  `merchant_id` varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `selection` text NOT NULL,
  `actor` varchar(128) NOT NULL,
  `state` varchar(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `cursor_id` varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `until_id` varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `examined` int(10) unsigned NOT NULL DEFAULT 0,
  `replayed` int(10) unsigned NOT NULL DEFAULT 0,
  `created_at` datetime(6) NOT NULL,
  `finished_at` datetime(6) DEFAULT NULL,
  PRIMARY KEY (`id`),
  KEY `merchant` (`merchant_id`,`livemode`,`id`),
  KEY `state` (`state`,`id`)
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
