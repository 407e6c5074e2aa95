"""From the outbox into the streams: at least once, each aggregate in order, whatever the transport forgets.

One task of a replica relays the partitions that it holds leases on. It is woken after a commit and looks by itself
now and then. "Published" is a hint only: what is gone and not below every group's floor is published again.
"""

import asyncio
import logging
import math
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import timedelta

from msgspec import Struct

from florin.database import Database, DatabaseUnavailable, TransactionRolledBack
from florin.leases import LeaseLost, LeaseShare, new_holder
from florin.outbox import metrics
from florin.outbox.backlog import measure_backlog
from florin.outbox.floor_book import FloorBook
from florin.outbox.ordering import OutboxRow, in_version_order
from florin.outbox.table import delete_old, find_unpublished, mark_published
from florin.outbox.tenure import PartitionStuck, Tenure, go_above, settle
from florin.streams.backoff import Backoff
from florin.streams.pace import rest_s
from florin.streams.port import (
    ORIGIN,
    PARTITIONS,
    Append,
    Appended,
    EntryId,
    Partition,
    RefusalKind,
    Refused,
    StreamUnavailable,
    StreamWriter,
)

_log = logging.getLogger(__name__)
_STUCK_REST_S = 5.0
_LEAST_BATCH = 64


class RelaySettings(Struct, frozen=True):
    """How a relay works. ``retention`` is how long rows are kept at least: the memory of the events API."""

    batch: int = 512
    poll_s: float = 0.3
    upkeep_s: float = 1.0
    measure_s: float = 5.0
    purge_s: float = 60.0
    lease_s: float = 10.0
    most_backoff_s: float = 5.0
    retention: timedelta = timedelta(days=30)
    unread_entries: int = 100_000
    """Entries kept in a partition that nobody reads."""


class Relay:
    """Publishes the outbox of one database.

    relay = Relay(db, RedisStreamWriter(url), ["payments.test", "payments.live"])
    task = asyncio.create_task(relay.run())
    ...
    relay.wake()            # after a commit that recorded events
    relay.stop(); await task
    """

    def __init__(
        self,
        db: Database,
        writer: StreamWriter,
        streams: Sequence[str],
        *,
        groups: Mapping[str, Iterable[str]] | None = None,
        settings: RelaySettings | None = None,
        holder: str | None = None,
    ) -> None:
        self._db = db
        self._writer = writer
        self._streams = list(streams)
        self._settings = settings or RelaySettings()
        self._partitions = {
            f"relay:{stream}:{number}": Partition(stream, number) for stream in streams for number in range(PARTITIONS)
        }
        self._leases = LeaseShare(
            db, f"relay:{streams[0]}", list(self._partitions), holder or new_holder(), ttl_s=self._settings.lease_s
        )
        self._floors = FloorBook(db, streams, groups or {})
        self._tenures: dict[Partition, Tenure] = {}
        self._hint = asyncio.Event()
        self._stopping = asyncio.Event()
        self._down = False
        self._upkept_at = self._purged_at = time.monotonic()
        self._measured_at = -math.inf

    @property
    def transport_down(self) -> bool:
        """Whether the streams cannot be reached. Nothing is lost meanwhile: it is no reason to be unready."""
        return self._down

    def wake(self) -> None:
        """Something was committed to the outbox."""
        self._hint.set()

    def stop(self) -> None:
        """Finish the round under way; `run` then returns."""
        self._stopping.set()
        self._hint.set()

    async def run(self) -> None:
        """Relay until `stop`."""
        backoff = Backoff(self._settings.poll_s, self._settings.most_backoff_s)
        try:
            while not self._stopping.is_set():
                begun_at = time.monotonic()
                try:
                    more = await self._round()
                except Exception as error:  # noqa: BLE001 - the one task that publishes outlives any mistake
                    self._note_failure(error)
                    await self._pause(backoff.next_s())
                    continue
                self._note_transport(down=False)
                backoff.reset()
                if not more:
                    await self._rest(begun_at)
        finally:
            await self._leases.close()
            await self._writer.close()

    async def _round(self) -> bool:
        """Settle, publish, look after floors; True where more rows wait."""
        await self._match_tenures()
        if time.monotonic() - self._measured_at >= self._settings.measure_s:
            self._measured_at = time.monotonic()
            await self._measure()  # before anything that fails while the transport is away
        await self._settle_all()
        limit = max(_LEAST_BATCH, self._settings.batch // max(1, len(self._tenures)))
        settled = [partition for partition, tenure in self._tenures.items() if tenure.settled]
        more = False
        if settled:
            async with self._db.connection() as conn:
                waiting = await find_unpublished(conn, settled, limit=limit)
            if waiting:
                await self._publish(waiting)
            more = any(len(rows) == limit for rows in waiting.values())
        if time.monotonic() - self._upkept_at >= self._settings.upkeep_s:
            self._upkept_at = time.monotonic()
            await self._keep_up()
        if time.monotonic() - self._purged_at >= self._settings.purge_s:
            self._purged_at = time.monotonic()
            await self._purge()
        return more

    async def _match_tenures(self) -> None:
        """One tenure for each lease that is held, no other."""
        await self._leases.rebalance()
        held = {self._partitions[name]: lease for name, lease in self._leases.held.items()}
        for partition, tenure in list(self._tenures.items()):
            if held.get(partition) != tenure.lease:
                del self._tenures[partition]
        gained = [partition for partition in held if partition not in self._tenures]
        if gained:
            await self._floors.load()
        for partition in gained:
            self._tenures[partition] = Tenure(partition, held[partition])

    async def _settle_all(self) -> None:
        now = time.monotonic()
        unsettled = [tenure for tenure in self._tenures.values() if not tenure.settled and tenure.resume_at <= now]
        if not unsettled:
            return
        reported = await self._writer.read_floors([tenure.partition for tenure in unsettled])
        for tenure in unsettled:
            groups = reported[tenure.partition]
            try:
                highest = max((floor.fence for floor in groups.values()), default=0)
                if highest >= tenure.lease.fence:
                    await go_above(highest, tenure, self._db, self._leases)
                # A group that has never reported needs everything.
                floors = {**dict.fromkeys(groups, ORIGIN), **self._floors.groups(tenure.partition)}
                await settle(tenure, self._db, self._writer, self._leases, floors)
            except LeaseLost as lost:
                self._forget(lost)
            except PartitionStuck as stuck:
                _log.error("%s", stuck)
                tenure.resume_at = time.monotonic() + _STUCK_REST_S

    async def _publish(self, waiting: Mapping[Partition, Sequence[OutboxRow]]) -> None:
        batches = [(self._tenures[partition], in_version_order(rows)) for partition, rows in waiting.items()]
        published: dict[Partition, tuple[EntryId, Sequence[OutboxRow]]] = {}
        answers = await self._append(batches)
        for (tenure, ordered), answer in zip(batches, answers, strict=True):
            if isinstance(answer, Appended):
                tenure.after = EntryId(answer.first.fence, answer.first.seq + len(ordered) - 1)
                published[tenure.partition] = (answer.first, ordered)
        leases = [self._tenures[partition].lease for partition in published]

        try:
            async with self._db.connection() as conn:
                await mark_published(conn, leases, published)
        except LeaseLost as lost:
            self._forget(lost)
            return
        for partition, (_, rows) in published.items():
            metrics.PUBLISHED.labels(partition.stream).inc(len(rows))

    async def _append(self, batches: Sequence[tuple[Tenure, Sequence[OutboxRow]]]) -> list[Appended | Refused]:
        answers = await self._writer.append(
            [
                Append(tenure.partition, tenure.lease.fence, tenure.after, [row.outgoing() for row in rows])
                for tenure, rows in batches
            ]
        )
        for (tenure, _), answer in zip(batches, answers, strict=True):
            if isinstance(answer, Refused):
                tenure.renounce(answer)
                if answer.kind is RefusalKind.FAILED:
                    tenure.resume_at = time.monotonic() + _STUCK_REST_S
        return answers

    async def _keep_up(self) -> None:
        """Notice losses where nothing is published, learn floors, trim below them."""
        await self._append([(tenure, ()) for tenure in self._tenures.values() if tenure.settled])
        settled = {tenure.partition: tenure.after for tenure in self._tenures.values() if tenure.settled}
        await self._floors.take(await self._writer.read_floors(list(settled)), settled)
        for partition in settled:
            tenure, lowest = self._tenures[partition], self._floors.lowest(partition)
            if lowest is None:
                await self._writer.cap(partition, self._settings.unread_entries)
            elif lowest > tenure.trimmed:
                await self._writer.trim(partition, lowest)
                tenure.trimmed = lowest

    async def _measure(self) -> None:
        floors = {partition: self._floors.groups(partition) for partition in self._tenures}
        async with self._db.connection() as conn:
            backlog = await measure_backlog(conn, self._streams, floors)
        backlog.show()

    async def _purge(self) -> None:
        """Delete old rows; one replica does it for all."""
        if Partition(self._streams[0], 0) not in self._tenures:
            return
        await self._floors.load()
        floors = {partition: self._floors.groups(partition) for partition in self._partitions.values()}
        after_seq: int | None = 0
        while after_seq is not None and not self._stopping.is_set():
            async with self._db.connection() as conn:
                after_seq = await delete_old(
                    conn, floors, self._streams, after_seq=after_seq, retention=self._settings.retention, limit=500
                )

    def _forget(self, lost: LeaseLost) -> None:
        """Stop being the owner of what another one owns."""
        _log.warning("another relay took over: %s", lost)
        self._leases.drop(lost.names)
        for name in lost.names:
            self._tenures.pop(self._partitions[name], None)

    def _note_failure(self, error: Exception) -> None:
        if isinstance(error, StreamUnavailable):
            self._note_transport(down=True, why=str(error))
        elif isinstance(error, DatabaseUnavailable | TransactionRolledBack):
            _log.warning("the relay's database does not answer: %s", error)
        else:
            _log.error("a round of the relay failed and is repeated", exc_info=error)

    def _note_transport(self, *, down: bool, why: str = "") -> None:
        if down and not self._down:
            _log.warning("the streams cannot be reached, events wait in the outbox: %s", why)
        elif self._down and not down:
            _log.info("the streams can be reached again")
        self._down = down
        metrics.TRANSPORT_DOWN.set(down)

    async def _rest(self, begun_at: float) -> None:
        """Until the next hint or poll, but long enough for a batch to come together."""
        await self._pause(rest_s(time.monotonic() - begun_at))
        with suppress(TimeoutError):
            async with asyncio.timeout(self._settings.poll_s):
                await self._hint.wait()
        self._hint.clear()

    async def _pause(self, delay_s: float) -> None:
        """Wait, whatever is committed meanwhile; only `stop` ends it early."""
        with suppress(TimeoutError):
            async with asyncio.timeout(max(0.0, delay_s)):
                await self._stopping.wait()
