-- The version of the API that the endpoint's deliveries have.
ALTER TABLE endpoints ADD COLUMN api_version VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT '2026-11-01'
