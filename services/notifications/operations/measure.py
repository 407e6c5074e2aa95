"""What delivery tells Prometheus: counted by the work, and what waits counted beside it."""

import asyncio
import logging

from prometheus_client import Counter, Gauge, Histogram

from florin.database import Database
from florin.errors import Unavailable
from notifications.store.claims import count_pending, due_endpoints, oldest_due
from notifications.store.endpoints import find_endpoints

_EVERY_S = 10.0
_COUNTED_AT_MOST = 100_000
_log = logging.getLogger(__name__)

ATTEMPTS = Counter(
    "florin_webhook_attempts_total",
    "Webhook attempts by what became of the delivery and by the answer (a status, or why there was none).",
    ["state", "answer"],
)
ATTEMPT_DURATION = Histogram(
    "florin_webhook_attempt_duration_seconds",
    "How long attempts take.",
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 30),
)
DEAD = Counter("florin_webhook_deliveries_dead", "Deliveries that were given up after their last attempt.")
IN_FLIGHT = Gauge("florin_webhook_attempts_in_flight", "Webhook attempts under way.")
EVENT_AGE = Histogram(
    "florin_webhook_event_age_seconds",
    "Age of an event when its first attempt begins, where there was room at once.",
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30, 300),
)
PENDING = Gauge(
    "florin_webhook_deliveries_pending", "Deliveries that are neither delivered nor given up; counted up to a limit."
)
OVERDUE = Gauge(
    "florin_webhook_deliveries_overdue_seconds",
    "For how long the delivery waits that could be attempted the longest. Paused and failing endpoints do not count.",
)


async def watch_deliveries(database: Database) -> None:
    """Count what waits for ever. Every replica tells the same, so that one which is down hides nothing."""
    while True:
        try:
            await measure_deliveries(database)
        except Unavailable as error:
            _log.warning("Waiting deliveries cannot be counted: %s", error.detail)
        await asyncio.sleep(_EVERY_S)


async def measure_deliveries(database: Database) -> None:
    """Count once."""
    async with database.connection() as conn:
        PENDING.set(await count_pending(conn, limit=_COUNTED_AT_MOST))
        endpoints = await find_endpoints(conn, await due_endpoints(conn))
        OVERDUE.set(await oldest_due(conn, list(endpoints.values())))
