"""Events leave a service through a table of its own database: what is committed is published, and nothing else."""

from florin.outbox.rows import OUTBOX_COLUMNS, outbox_rows, record_events

__all__ = ["OUTBOX_COLUMNS", "outbox_rows", "record_events"]
