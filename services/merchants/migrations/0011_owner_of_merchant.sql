-- Which resource the owner is, the hash of the content in force, and whether the owner's end disabled the merchant.
ALTER TABLE merchants
  ADD COLUMN owner_resource VARCHAR(400) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT '' AFTER owner_generation,
  ADD COLUMN spec_hash CHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL AFTER config_version,
  ADD COLUMN disabled_by_owner TINYINT(1) NOT NULL DEFAULT 0 AFTER disabled_at
