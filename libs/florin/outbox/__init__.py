"""Events leave a service through a table of its own database: what is committed is published, and nothing else."""

from pathlib import Path

from florin.outbox.floor_book import forget_group
from florin.outbox.relay import Relay, RelaySettings
from florin.outbox.rows import OUTBOX_COLUMNS, outbox_rows, record_events

MIGRATIONS = Path(__file__).parent / "migrations"

__all__ = [
    "MIGRATIONS",
    "OUTBOX_COLUMNS",
    "Relay",
    "RelaySettings",
    "forget_group",
    "outbox_rows",
    "record_events",
]
