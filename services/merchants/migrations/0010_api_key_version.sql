-- The version of the API that the key was made for.
ALTER TABLE api_keys ADD COLUMN api_version VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT '2026-11-01'
