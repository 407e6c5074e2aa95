CREATE TABLE `api_keys` (
  `id` varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `merchant_id` varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `livemode` tinyint(1) NOT NULL,
  `name` varchar(100) NOT NULL,
  `restricted` tinyint(1) NOT NULL,
  `scopes` varchar(500) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `hash` char(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `hint` varchar(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `rate_limit_per_second` int(10) unsigned NOT NULL,
  `idempotency_key` varchar(255) CHARACTER SET ascii COLLATE ascii_bin DEFAULT NULL,
  `replaced_by` varchar(64) CHARACTER SET ascii COLLATE ascii_bin DEFAULT NULL,
  `created_at` datetime(6) NOT NULL,
  `expires_at` datetime(6) DEFAULT NULL,
  `revoked_at` datetime(6) DEFAULT NULL,
  `api_version` varchar(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT '2026-11-01',
  PRIMARY KEY (`id`),
  UNIQUE KEY `hash` (`hash`),
  UNIQUE KEY `idempotency` (`merchant_id`,`livemode`,`idempotency_key`),
  KEY `merchant` (`merchant_id`,`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE `change_counter` (
  `id` tinyint(3) unsigned NOT NULL,
  `epoch` varchar(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `version` bigint(20) unsigned NOT NULL,
  PRIMARY KEY (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE `connectors` (
  `name` varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `spec` mediumblob NOT NULL,
  `created_at` datetime(6) NOT NULL,
  `updated_at` datetime(6) NOT NULL,
  `owner_uid` varchar(64) CHARACTER SET ascii COLLATE ascii_bin DEFAULT NULL,
  `owner_generation` bigint(20) unsigned DEFAULT NULL,
  `owner_resource` varchar(400) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT '',
  PRIMARY KEY (`name`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE `feed` (
  `version` bigint(20) unsigned NOT NULL,
  `kind` varchar(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `subject` varchar(160) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `state` mediumblob NOT NULL,
  PRIMARY KEY (`version`),
  UNIQUE KEY `subject` (`kind`,`subject`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE `leases` (
  `name` varchar(160) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `holder` varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `fence` bigint(20) unsigned NOT NULL,
  `expires_at` datetime(6) NOT NULL DEFAULT '1970-01-01 00:00:00.000000',
  PRIMARY KEY (`name`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE `merchant_configs` (
  `config_version` bigint(20) unsigned NOT NULL,
  `merchant_id` varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `spec` mediumblob NOT NULL,
  `owner_uid` varchar(64) CHARACTER SET ascii COLLATE ascii_bin DEFAULT NULL,
  `owner_generation` bigint(20) unsigned DEFAULT NULL,
  `reason` varchar(500) DEFAULT NULL,
  `created_at` datetime(6) NOT NULL,
  PRIMARY KEY (`config_version`),
  KEY `merchant` (`merchant_id`,`config_version`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE `merchants` (
  `id` varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `display_name` varchar(200) NOT NULL,
  `disabled_at` datetime(6) DEFAULT NULL,
  `disabled_by_owner` tinyint(1) NOT NULL DEFAULT 0,
  `config_version` bigint(20) unsigned DEFAULT NULL,
  `spec_hash` char(64) CHARACTER SET ascii COLLATE ascii_bin DEFAULT NULL,
  `owner_uid` varchar(64) CHARACTER SET ascii COLLATE ascii_bin DEFAULT NULL,
  `owner_generation` bigint(20) unsigned DEFAULT NULL,
  `owner_resource` varchar(400) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT '',
  `owner_version` bigint(20) unsigned DEFAULT NULL,
  `break_glass_until` datetime(6) DEFAULT NULL,
  `break_glass_reason` varchar(500) DEFAULT NULL,
  `created_at` datetime(6) NOT NULL,
  `updated_at` datetime(6) NOT NULL,
  PRIMARY KEY (`id`)
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

CREATE TABLE `replicas` (
  `service` varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `replica` varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `epoch` varchar(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `floor` bigint(20) unsigned NOT NULL,
  `lease_until` datetime(6) NOT NULL,
  PRIMARY KEY (`service`,`replica`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE `secrets` (
  `scope` varchar(80) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `name` varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `secret_version` int(10) unsigned NOT NULL,
  `sealed` blob NOT NULL,
  `created_at` datetime(6) NOT NULL,
  `expires_at` datetime(6) DEFAULT NULL,
  `source_version` bigint(20) unsigned DEFAULT NULL,
  PRIMARY KEY (`scope`,`name`,`secret_version`)
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
