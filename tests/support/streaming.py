"""What tests of outbox and streams share: events to record, a relay or consumer that runs while a test does."""

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, Protocol

from redis.asyncio import Redis

from florin import inbox, leases, outbox
from florin.contracts.events import Event, snapshot
from florin.database import Connection, Database
from florin.ids import new_ulid
from florin.streams.port import Partition, partition_of
from florin.streams.redis_streams import connect, stream_key

STREAM = "payments.test"
FOLDERS = [leases.MIGRATIONS, outbox.MIGRATIONS, inbox.MIGRATIONS]


def in_one_partition(count: int) -> list[str]:
    """Names of aggregates that share partition 0."""
    names = (f"pay_test_00{n:06d}" for n in itertools.count())
    return list(itertools.islice((name for name in names if partition_of(name) == 0), count))


def new_event(aggregate_id: str, sequence: int, *, n: int = 0, event_type: str = "payment.captured") -> Event:
    """An event of an aggregate."""
    return Event(
        id=f"evt_test_00{new_ulid()}",
        type=event_type,
        livemode=False,
        merchant_id="mer_test_00merchant",
        aggregate_id=aggregate_id,
        sequence=sequence,
        n=n,
        occurred_at=datetime.now(UTC),
        data=snapshot({"id": aggregate_id, "version": sequence}),
    )


async def record(db: Database, *events: Event, stream: str = STREAM) -> None:
    """Record events in a transaction of their own."""
    async with db.transaction() as conn:
        await outbox.record_events(conn, stream, events)


class Running(Protocol):
    """A relay or a consumer."""

    async def run(self) -> None: ...

    def stop(self) -> None: ...


@asynccontextmanager
async def running(*workers: Running) -> AsyncIterator[None]:
    """Run them, and stop them in order; what one of them raises fails the test."""
    tasks = [asyncio.create_task(worker.run()) for worker in workers]
    try:
        yield
    finally:
        for worker in workers:
            worker.stop()
        await asyncio.wait_for(asyncio.gather(*tasks), 20)


async def eventually(check: Callable[[], Awaitable[bool]], *, within_s: float = 20.0, what: str = "it") -> None:
    """Wait until a state in another process's hands is reached."""
    deadline = time.monotonic() + within_s
    while not await check():
        assert time.monotonic() < deadline, f"{what} did not happen within {within_s} s"
        await asyncio.sleep(0.02)


async def count(db: Database, table: str, where: str = "TRUE") -> int:
    """Rows of a table."""
    async with db.connection() as conn:
        row = await conn.fetch_one(f"SELECT COUNT(*) AS n FROM {table} WHERE {where}")
    assert row is not None
    return int(row["n"])


async def all_published(db: Database) -> bool:
    """Whether nothing waits in the outbox."""
    return await count(db, "outbox", "entry_fence IS NULL") == 0


async def true(value: bool) -> bool:
    """For `eventually`, where nothing has to be asked."""
    return value


async def handled(sink: Database, events: Sequence[Event]) -> bool:
    """Whether a `Journal` holds as many events."""
    return await count(sink, "journal") >= len(events)


async def entries(redis: Redis, partition: Partition) -> list[tuple[str, dict[bytes, bytes]]]:
    """Everything that is in the stream of a partition."""
    found: Any = await redis.xrange(stream_key(partition))  # its type names what other clients' settings would give
    return [(entry_id.decode(), fields) for entry_id, fields in found]


@asynccontextmanager
async def redis_client(url: str) -> AsyncIterator[Redis]:
    """A client for looking into Redis, and for breaking it."""
    client = connect(url)
    try:
        yield client
    finally:
        await client.aclose()


class Journal:
    """A handler that writes what it is given into a table, in the consumer's transaction; and fails where told to."""

    def __init__(self) -> None:
        self.failing: dict[str, Exception] = {}
        self.calls: list[list[str]] = []

    @staticmethod
    async def create(db: Database) -> "Journal":
        """With its table."""
        async with db.connection() as conn:
            await conn.execute(
                "CREATE TABLE journal (place BIGINT AUTO_INCREMENT PRIMARY KEY, event_id VARCHAR(64),"
                " aggregate_id VARCHAR(64), version BIGINT, n INT)"
            )
        return Journal()

    async def __call__(self, conn: Connection, events: "list[inbox.ReceivedEvent]") -> None:
        self.calls.append([received.event.id for received in events])
        for received in events:
            if error := self.failing.get(received.event.aggregate_id):
                raise error
        await conn.insert_rows(
            "journal",
            ("event_id", "aggregate_id", "version", "n"),
            [(r.event.id, r.event.aggregate_id, r.event.sequence, r.event.n) for r in events],
        )

    @staticmethod
    async def assert_complete(db: Database, written: Sequence[Event]) -> None:
        """Every event once, those of an aggregate in order."""
        read = await Journal.read(db)
        assert sorted(event_id for event_id, _, _ in read) == sorted(event.id for event in written)
        for aggregate_id in {event.aggregate_id for event in written}:
            versions = [version for _, name, version in read if name == aggregate_id]
            assert versions == sorted(versions), aggregate_id

    @staticmethod
    async def read(db: Database) -> list[tuple[str, str, int]]:
        """(event, aggregate, version) in the order of handling."""
        async with db.connection() as conn:
            rows = await conn.fetch_all("SELECT event_id, aggregate_id, version FROM journal ORDER BY place")
        return [(row["event_id"], row["aggregate_id"], row["version"]) for row in rows]
