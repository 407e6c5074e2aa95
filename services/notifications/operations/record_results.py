"""Attempts and verdicts, recorded in groups: whatever came in since the last group was committed."""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from msgspec.structs import replace

from florin.contracts.events import Event
from florin.database import Connection, Database
from florin.errors import Unavailable
from florin.outbox import record_events
from florin.streams.pace import rest_s
from notifications.domain.announcements import dead_delivery_event, endpoint_event, stream_of
from notifications.domain.delivery import Result
from notifications.domain.endpoint import EndpointState
from notifications.store.endpoints import find_endpoints, save_health, update_endpoint
from notifications.store.results import save_results

GROUP_MAX = 256
_PAUSE_S = 0.5
_log = logging.getLogger(__name__)

HealthRow = tuple[str, int, int, float]  # endpoint id, its version, failures in a row, seconds of rest


class ResultRecorder:
    """Collects results; `run` writes them until cancelled, `flush` what is left."""

    def __init__(self, db: Database, *, on_recorded: Callable[[Sequence[Result]], None]) -> None:
        self._db = db
        self._on_recorded = on_recorded
        self._results: list[Result] = []
        self._healths: dict[str, HealthRow] = {}
        self._arrived = asyncio.Event()
        self._writing = asyncio.Lock()

    @property
    def backlog(self) -> int:
        """How many results wait: while there are many, no further attempts should begin."""
        return len(self._results)

    def put(self, result: Result, health: HealthRow | None = None) -> None:
        """Hand in a result, with the endpoint's health if that changed."""
        self._results.append(result)
        if health is not None:
            self._healths[health[0]] = health
        self._arrived.set()

    async def run(self) -> None:
        """Write groups for ever. While the database is away, results wait; nothing is attempted twice for that."""
        while True:
            await self._arrived.wait()
            begun_at = time.monotonic()
            try:
                await self.flush()
                await asyncio.sleep(rest_s(time.monotonic() - begun_at))
            except Unavailable as error:
                _log.warning("Results of attempts cannot be recorded yet: %s", error)
                await asyncio.sleep(_PAUSE_S)

    async def flush(self) -> None:
        """Write everything that waits. Raises Unavailable, with nothing lost."""
        async with self._writing:
            while self._results:
                results, healths = self._results[:GROUP_MAX], list(self._healths.values())
                await self._db.run(lambda conn, r=results, h=healths: record(conn, r, h))  # type: ignore[misc]
                del self._results[: len(results)]
                for row in healths:
                    if self._healths.get(row[0]) is row:
                        del self._healths[row[0]]
                self._on_recorded(results)
            self._arrived.clear()


async def record(conn: Connection, results: Sequence[Result], healths: Sequence[HealthRow] = ()) -> None:
    """Record results, in the caller's transaction. Recording one twice changes nothing."""
    now = datetime.now(UTC)
    dead = await save_results(conn, results)
    await save_health(conn, healths)
    gone = {result.claim.endpoint_id for result in results if result.verdict.disables_endpoint}
    events = [
        *await _disable(conn, gone, now),
        *(dead_delivery_event(result, now) for result in dead),
    ]
    for livemode in (False, True):
        chosen = [event for event in events if event.livemode is livemode]
        if chosen:
            await record_events(conn, stream_of(livemode=livemode), chosen)


async def _disable(conn: Connection, endpoint_ids: set[str], now: datetime) -> list[Event]:
    events = []
    for endpoint in (await find_endpoints(conn, endpoint_ids, lock=True)).values():
        if endpoint.state is EndpointState.ACTIVE:
            disabled = replace(
                endpoint,
                state=EndpointState.DISABLED,
                state_reason="The receiver answered 410 Gone.",
                version=endpoint.version + 1,
                updated_at=now,
            )
            await update_endpoint(conn, disabled)
            events.append(endpoint_event(disabled, "endpoint.disabled", now))
    return events
