-- The version of the Kubernetes Secret that a value came from; none: it was put by hand.
ALTER TABLE secrets ADD COLUMN source_version BIGINT UNSIGNED NULL
