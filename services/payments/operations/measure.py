"""What waits in payments, and what must never be: counted for Prometheus beside the work, not by it."""

import asyncio
import logging

from prometheus_client import Counter, Gauge

from florin.database import Database
from florin.errors import Unavailable
from payments.store.callbacks import oldest_owed
from payments.store.operations import count_unanswered

_EVERY_S = 5.0
_log = logging.getLogger(__name__)

UNANSWERED = Gauge(
    "florin_operations_unanswered",
    "Operations that an acquirer was asked about and has not told the end of.",
    ["connector"],
)
UNANSWERED_AGE = Gauge("florin_operations_unanswered_age_seconds", "Age of the oldest of them.", ["connector"])
CALLBACKS_AGE = Gauge(
    "florin_callbacks_owed_age_seconds", "Age of the oldest callback that was stored and not applied."
)
CONFLICTS = Counter("florin_payments_conflicted", "Payments in which the acquirer's books and ours came to disagree.")
LEDGER_FAULTS = Gauge("florin_ledger_faults", "Rows that broke a rule of the ledger when it was checked last.")
LEDGER_CHECKED_AT = Gauge(
    "florin_ledger_checked_timestamp_seconds", "When this replica checked the whole ledger last; 0 for never."
)


async def watch_waiting(database: Database) -> None:
    """Count for ever. Every replica tells the same, so that one which is down hides nothing."""
    while True:
        try:
            await measure_waiting(database)
        except Unavailable as error:
            _log.warning("what waits cannot be counted: %s", error.detail)
        await asyncio.sleep(_EVERY_S)


async def measure_waiting(database: Database) -> None:
    """Count once."""
    async with database.connection() as conn:
        unanswered = await count_unanswered(conn)
        callbacks_age_s = await oldest_owed(conn)
    UNANSWERED.clear()
    UNANSWERED_AGE.clear()
    for row in unanswered:
        UNANSWERED.labels(row["connector"]).set(row["operations"])
        UNANSWERED_AGE.labels(row["connector"]).set(float(row["age_s"]))
    CALLBACKS_AGE.set(callbacks_age_s)
