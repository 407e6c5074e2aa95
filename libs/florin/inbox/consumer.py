"""From the streams into a service: each event's effect once, each aggregate in order.

One task of a replica reads the partitions that its group's leases give it, and hands events in batches to a handler,
whose transaction also notes them in the inbox. Whatever goes wrong on the way, the consumer starts over from what is
pending, and the inbox tells what is done.
"""

import asyncio
import logging
import math
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import timedelta

from msgspec import Struct

from florin.database import Database
from florin.inbox import metrics
from florin.inbox.applying import Applier, RetrySettings
from florin.inbox.dead_letters import replay_dead_letter
from florin.inbox.intake import Intake
from florin.inbox.received import Handler, ReceivedEvent
from florin.inbox.table import purge_inbox
from florin.leases import LeaseLost, LeaseShare, new_holder
from florin.streams.backoff import Backoff
from florin.streams.floors import raise_floors, read_floors
from florin.streams.pace import rest_s
from florin.streams.port import ORIGIN, PARTITIONS, Entry, EntryId, GroupMissing, Partition, StreamReader

_log = logging.getLogger(__name__)
_TABLE = "consumer_floors"
_FIRST_BACKOFF_S = 0.05
_LEAST_COUNT = 16
_PURGED_AT_ONCE = 1000
_NEVER = -math.inf


class ConsumerSettings(Struct, frozen=True):
    """How a consumer works. The inbox must remember for longer than any outbox that it reads from keeps its rows."""

    batch: int = 512
    block_s: float = 0.5
    join_s: float = 0.25
    """How often to look whether a partition has got its writer."""
    floors_s: float = 1.0
    lease_s: float = 10.0
    most_backoff_s: float = 5.0
    most_waiting: int = 1000
    """Entries of one partition that may wait behind failed ones before no more are read."""
    retry: RetrySettings = RetrySettings()
    inbox_retention: timedelta = timedelta(days=60)
    purge_s: float = 60.0


class Consumer:
    """Reads streams for one group.

    consumer = Consumer(db, RedisStreamReader(url, "notifications"), "notifications", ["payments.test"], handle)
    task = asyncio.create_task(consumer.run())
    ...
    consumer.stop(); await task
    """

    def __init__(
        self,
        db: Database,
        reader: StreamReader,
        group: str,
        streams: Sequence[str],
        handler: Handler,
        *,
        after_commit: Callable[[], None] = lambda: None,
        settings: ConsumerSettings | None = None,
        holder: str | None = None,
    ) -> None:
        self._db = db
        self._reader = reader
        self._group = group
        self._handler = handler
        self._after_commit = after_commit
        self._settings = settings or ConsumerSettings()
        self._partitions = {
            f"consumer:{group}:{stream}:{number}": Partition(stream, number)
            for stream in streams
            for number in range(PARTITIONS)
        }
        self._leases = LeaseShare(
            db,
            f"consumer:{group}:{streams[0]}",
            list(self._partitions),
            holder or new_holder(),
            ttl_s=self._settings.lease_s,
        )
        self._applier = Applier(db, reader, group, handler, self._settings.retry)
        self._intakes: dict[Partition, Intake] = {}
        self._stored: dict[Partition, EntryId] = {}
        self._stopping = asyncio.Event()
        self._joined_at = self._floored_at = _NEVER
        metrics.DEAD_LETTERS.labels(group)  # from zero on: of a series that begins at one, no increase is seen
        self._purged_at = time.monotonic()

    def stop(self) -> None:
        """Finish the batch under way; `run` then returns."""
        self._stopping.set()

    async def replay_dead_letter(self, dead_letter_id: str) -> None:
        """See `florin.inbox.dead_letters.replay_dead_letter`."""
        await replay_dead_letter(self._db, dead_letter_id, self._handler)
        self._after_commit()

    async def run(self) -> None:
        """Consume until `stop`."""
        backoff = Backoff(_FIRST_BACKOFF_S, self._settings.most_backoff_s)
        try:
            while not self._stopping.is_set():
                try:
                    await self._round()
                except Exception as error:  # noqa: BLE001 - the one task that consumes outlives any mistake
                    self._start_over(error)
                    await self._pause(backoff.next_s())
                else:
                    backoff.reset()
            with suppress(Exception):
                await self._keep_floors()
        finally:
            await self._leases.close()
            await self._reader.close()

    async def _round(self) -> None:
        begun_at = time.monotonic()
        await self._match_intakes()
        await self._join_all()
        if begun_at - self._floored_at >= self._settings.floors_s:
            await self._keep_floors()
            self._floored_at = begun_at
        if begun_at - self._purged_at >= self._settings.purge_s:
            self._purged_at = begun_at
            await self._purge()
        for intake in self._intakes.values():
            for line in intake.lines.take_due(begun_at):
                # The one that failed goes first and alone; if it fails again, the others go behind it.
                await self._apply(line[:1])
                await self._apply(line[1:])
        await self._read()

    async def _match_intakes(self) -> None:
        """One intake for each lease that is held, no other."""
        await self._leases.rebalance()
        held = {self._partitions[name]: lease for name, lease in self._leases.held.items()}
        for partition, intake in list(self._intakes.items()):
            if held.get(partition) != intake.lease:
                del self._intakes[partition]
        gained = [partition for partition in held if partition not in self._intakes]
        if gained:
            async with self._db.connection() as conn:
                floors = await read_floors(conn, _TABLE, sorted({partition.stream for partition in gained}))
            for partition in gained:
                floor = floors.get(partition, {}).get(self._group, ORIGIN)
                self._intakes[partition] = Intake(partition, held[partition], floor)
            self._floored_at = self._joined_at = _NEVER

    async def _join_all(self) -> None:
        if time.monotonic() - self._joined_at < self._settings.join_s:
            return
        for intake in self._intakes.values():
            if intake.lost:
                await self._reader.report_loss(intake.partition)
            if not intake.ready:
                intake.begin(await self._reader.join(intake.partition))
        self._joined_at = time.monotonic()

    async def _read(self) -> None:
        """Read once and apply what came; then rest, so that a steady flow makes larger batches."""
        positions = {
            intake.partition: intake.position
            for intake in self._intakes.values()
            if intake.ready and len(intake.lines) < self._settings.most_waiting
        }
        wait_s = self._wait_s()
        if not positions:
            await self._pause(wait_s)
            return
        count = max(_LEAST_COUNT, self._settings.batch // len(positions))
        found = await self._reader.read(positions, count=count, wait=timedelta(seconds=wait_s))
        begun_at = time.monotonic()
        events: list[ReceivedEvent] = []
        for partition in positions:
            intake = self._intakes[partition]
            if partition in found or intake.position is not None:
                events += await self._accept(intake, found.get(partition, []))
        for start in range(0, len(events), self._settings.batch):
            await self._apply(events[start : start + self._settings.batch])
        if 0 < sum(map(len, found.values())) < self._settings.batch:
            await self._pause(rest_s(time.monotonic() - begun_at))

    def _wait_s(self) -> float:
        """How long nothing but new entries needs attention."""
        now = time.monotonic()
        due = [intake.lines.next_due() for intake in self._intakes.values()]
        until_due = min((at - now for at in due if at is not None), default=self._settings.block_s)
        longest = self._settings.block_s
        if any(not intake.ready for intake in self._intakes.values()):
            longest = min(longest, self._settings.join_s)
        return min(longest, max(0.001, until_due))

    async def _accept(self, intake: Intake, entries: Sequence[Entry]) -> list[ReceivedEvent]:
        accepted = intake.accept(entries)
        if accepted.stale:
            await self._reader.acknowledge({intake.partition: accepted.stale})
        events = []
        for entry in accepted.entries:
            event = await self._applier.decode(entry, intake)
            if event is not None:
                events.append(event)
        if intake.lost:
            _log.error("%s/%d: entries are missing; asking for them again", *intake.partition)
            self._joined_at = _NEVER
        return events

    async def _apply(self, events: Sequence[ReceivedEvent]) -> None:
        if events:
            await self._applier.apply(events, self._intakes)
        settled = {partition: intake.take_settled() for partition, intake in self._intakes.items()}
        if any(settled.values()):
            self._after_commit()
            await self._reader.acknowledge(settled)

    async def _keep_floors(self) -> None:
        """Store floors, then report them: a report says what this database knows."""
        floors = {partition: intake.floor for partition, intake in self._intakes.items()}
        risen = {
            partition: {self._group: floor}
            for partition, floor in floors.items()
            if self._stored.get(partition) != floor
        }
        if risen:
            async with self._db.connection() as conn:
                await raise_floors(conn, _TABLE, risen)
            self._stored.update({partition: floors[partition] for partition in risen})
        if floors:
            await self._reader.report_floors(floors)
        metrics.WAITING.labels(self._group).set(sum(len(intake.lines) for intake in self._intakes.values()))

    async def _purge(self) -> None:
        """Forget what no outbox can publish again; one replica does it for all."""
        if next(iter(self._partitions.values())) not in self._intakes:
            return
        deleted = _PURGED_AT_ONCE
        while deleted == _PURGED_AT_ONCE and not self._stopping.is_set():
            async with self._db.connection() as conn:
                deleted = await purge_inbox(conn, retention=self._settings.inbox_retention, limit=_PURGED_AT_ONCE)

    def _start_over(self, error: Exception) -> None:
        """Drop what is in memory: all of it is pending, or done as the inbox knows."""
        if isinstance(error, LeaseLost):
            self._leases.drop(error.names)
        if isinstance(error, GroupMissing):
            _log.warning("group %s is unknown to the streams (any more) and begins anew", self._group)
        else:
            _log.warning("group %s starts over: %s: %s", self._group, type(error).__name__, error)
        for intake in self._intakes.values():
            intake.ready = False
        self._joined_at = _NEVER

    async def _pause(self, delay_s: float) -> None:
        """Wait; only `stop` ends it early."""
        with suppress(TimeoutError):
            async with asyncio.timeout(max(0.0, delay_s)):
                await self._stopping.wait()
