"""Events become effects: batches, halves of batches that fail, tries, dead letters."""

import logging
import time
from collections.abc import Mapping, Sequence

from msgspec import DecodeError, Struct

from florin.contracts.events import decode_event
from florin.database import Connection, Database, DatabaseUnavailable, DuplicateKey
from florin.errors import FlorinError
from florin.inbox import metrics
from florin.inbox.dead_letters import keep_dead_letter
from florin.inbox.intake import Intake
from florin.inbox.received import Handler, ReceivedEvent
from florin.inbox.table import find_seen, record_seen
from florin.leases import LeaseLost, confirm
from florin.streams.backoff import delay_s
from florin.streams.port import Entry, Partition, StreamReader, StreamUnavailable
from florin.telemetry import span

_log = logging.getLogger(__name__)


class RetrySettings(Struct, frozen=True):
    """How often an event is tried before it becomes a dead letter, and how long between."""

    most_tries: int = 10
    first_delay_s: float = 0.2
    longest_delay_s: float = 30.0


class Applier:
    """Hands events to a group's handler. Raises DatabaseUnavailable and LeaseLost, which say nothing of an event."""

    def __init__(self, db: Database, reader: StreamReader, group: str, handler: Handler, retry: RetrySettings) -> None:
        self._db = db
        self._reader = reader
        self._group = group
        self._handler = handler
        self._retry = retry
        self._tries: dict[str, int] = {}

    async def apply(self, events: Sequence[ReceivedEvent], intakes: Mapping[Partition, Intake]) -> None:
        """Apply all events but those behind one that failed; settle what is applied or given up."""
        ready = [event for event in events if not intakes[event.partition].lines.join(event)]
        if not ready:
            return
        error = await self._try(ready, intakes)
        if error is None:
            metrics.HANDLED.labels(self._group).inc(len(ready))
            for event in ready:
                self._tries.pop(event.event.id, None)
                intakes[event.partition].settle(event.entry.id)
        elif len(ready) == 1:
            await self._fail(ready[0], error, intakes[ready[0].partition])
        else:
            # Halves find the bad event in few transactions; the second sees what the first one made to wait.
            half = len(ready) // 2
            await self.apply(ready[:half], intakes)
            await self.apply(ready[half:], intakes)

    async def decode(self, entry: Entry, intake: Intake) -> ReceivedEvent | None:
        """The event in an entry; one that holds none is given up."""
        try:
            return ReceivedEvent(decode_event(entry.payload or b""), intake.partition, entry)
        except DecodeError as error:
            await self._give_up(entry, entry.event_id, f"not an event: {error}", 1, intake)
            return None

    async def _try(self, events: Sequence[ReceivedEvent], intakes: Mapping[Partition, Intake]) -> Exception | None:
        try:
            await self._commit(events, intakes)
        except (DatabaseUnavailable, LeaseLost):
            raise
        except Exception as error:  # noqa: BLE001 - a handler may raise anything; a bad event must not stop the others
            return error
        return None

    async def _commit(self, events: Sequence[ReceivedEvent], intakes: Mapping[Partition, Intake]) -> None:
        by_id = {event.event.id: event for event in reversed(events)}  # of an event that came twice, the first
        first = [event for event in events if by_id[event.event.id] is event]
        leases = {intakes[event.partition].lease for event in events}

        async def handle(conn: Connection, unseen: list[ReceivedEvent]) -> None:
            if unseen:
                await record_seen(conn, self._group, [event.event.id for event in unseen])
                await self._handler(conn, unseen)
            # Last, so that the lease is locked only as long as the COMMIT takes.
            await confirm(conn, leases)

        async def handle_unseen(conn: Connection) -> None:
            seen = await find_seen(conn, self._group, by_id)
            await handle(conn, [event for event in first if event.event.id not in seen])

        traceparent = events[0].traceparent if len(events) == 1 else None
        with span(f"handle {self._group}", traceparent, events=len(events)):
            try:
                await self._db.run(lambda conn: handle(conn, first))
            except DuplicateKey:  # most often none was seen before, and asking first would cost every batch
                await self._db.run(handle_unseen)

    async def _fail(self, event: ReceivedEvent, error: Exception, intake: Intake) -> None:
        metrics.FAILED.labels(self._group).inc()
        tries = self._tries.get(event.event.id, 0) + 1
        reason = f"{type(error).__name__}: {error}"
        hopeless = isinstance(error, FlorinError) and not error.retryable
        if hopeless or tries >= self._retry.most_tries:
            await self._give_up(event.entry, event.event.id, reason, tries, intake)
            return
        _log.warning("group %s failed on %s, try %d: %s", self._group, event.event.id, tries, reason, exc_info=error)
        self._tries[event.event.id] = tries
        wait_s = delay_s(tries, self._retry.first_delay_s, self._retry.longest_delay_s)
        intake.lines.begin(event, time.monotonic() + wait_s)

    async def _give_up(self, entry: Entry, event_id: str, reason: str, tries: int, intake: Intake) -> None:
        async def work(conn: Connection) -> None:
            if not await find_seen(conn, self._group, [event_id]):
                await record_seen(conn, self._group, [event_id])
                await keep_dead_letter(
                    conn, self._group, intake.partition, entry, event_id=event_id, reason=reason, tries=tries
                )
            await confirm(conn, [intake.lease])

        await self._db.run(work)
        _log.error("group %s gave up on %s after %d tries: %s", self._group, event_id, tries, reason)
        metrics.DEAD_LETTERS.labels(self._group).inc()
        self._tries.pop(event_id, None)
        intake.settle(entry.id)
        try:
            await self._reader.bury(entry, intake.partition, reason)
        except StreamUnavailable:
            _log.info("no copy of %s in the dead-letter stream", event_id)
