-- The resource that a connector is the content of.
ALTER TABLE connectors
  ADD COLUMN owner_uid VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL,
  ADD COLUMN owner_generation BIGINT UNSIGNED NULL,
  ADD COLUMN owner_resource VARCHAR(400) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT ''
