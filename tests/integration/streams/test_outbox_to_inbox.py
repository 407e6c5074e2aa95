"""Events from an outbox through Redis into another service, with nothing going wrong."""

import asyncio
import random

from redis.asyncio import Redis
from tests.conftest import DatabaseFactory
from tests.support.streaming import (
    FOLDERS,
    STREAM,
    Journal,
    all_published,
    count,
    entries,
    eventually,
    handled,
    in_one_partition,
    new_event,
    record,
    redis_client,
    running,
    true,
)

from florin.contracts.events import Event
from florin.database import Database
from florin.inbox import Consumer, ConsumerSettings, ReceivedEvent
from florin.outbox import Relay, RelaySettings, record_events
from florin.streams.port import PARTITIONS, Partition
from florin.streams.redis_streams import RedisStreamReader, RedisStreamWriter
from florin.telemetry import span


async def test_ten_writers_lose_nothing_and_each_aggregate_keeps_its_order(
    database_factory: DatabaseFactory, redis_url: str
) -> None:
    source, sink = await database_factory(FOLDERS), await database_factory(FOLDERS)
    journal = await Journal.create(sink)
    relay = Relay(source, RedisStreamWriter(redis_url), [STREAM])
    consumer = Consumer(sink, RedisStreamReader(redis_url, "notifications"), "notifications", [STREAM], journal)
    async with source.connection() as conn:
        await conn.execute("CREATE TABLE aggregates (id VARCHAR(64) PRIMARY KEY, version BIGINT)")
        await conn.insert_rows("aggregates", ("id", "version"), [(f"pay_{n}", 0) for n in range(25)])

    written: list[Event] = []

    async def write(times: int) -> None:
        for _ in range(times):
            aggregate_id = f"pay_{random.randrange(25)}"
            async with source.transaction() as conn:
                row = await conn.fetch_one("SELECT version FROM aggregates WHERE id = %s FOR UPDATE", (aggregate_id,))
                assert row is not None
                version = row["version"] + 1
                await conn.execute("UPDATE aggregates SET version = %s WHERE id = %s", (version, aggregate_id))
                events = [new_event(aggregate_id, version, n=n) for n in range(random.randint(1, 2))]
                await record_events(conn, STREAM, events)
                # Transactions of different length: numbers are taken in another order than commits happen.
                await asyncio.sleep(random.random() * 0.01)
                if random.random() < 0.1:
                    await conn.execute("ROLLBACK")
                    continue
            written.extend(events)
            relay.wake()

    async with running(relay, consumer):
        await asyncio.gather(*(write(40) for _ in range(10)))
        await eventually(lambda: handled(sink, written), what="handling")
    await journal.assert_complete(sink, written)
    assert await all_published(source)


async def test_a_trace_goes_with_the_event(database_factory: DatabaseFactory, redis_url: str) -> None:
    source, sink = await database_factory(FOLDERS), await database_factory(FOLDERS)
    seen: list[str | None] = []

    async def handle(_conn: object, events: list[ReceivedEvent]) -> None:
        seen.extend(received.traceparent for received in events)

    relay = Relay(source, RedisStreamWriter(redis_url), [STREAM])
    consumer = Consumer(sink, RedisStreamReader(redis_url, "traced"), "traced", [STREAM], handle)
    async with running(relay, consumer):
        with span("request") as work:
            await record(source, new_event("pay_1", 1))
        relay.wake()
        await eventually(lambda: true(bool(seen)), what="handling")
    assert seen == [work.trace.traceparent]


async def test_entries_that_a_group_has_not_processed_are_never_trimmed(
    database_factory: DatabaseFactory, redis_url: str
) -> None:
    source, sink, slow_sink = [await database_factory(FOLDERS) for _ in range(3)]
    journal, slow_journal = await Journal.create(sink), await Journal.create(slow_sink)
    settings = RelaySettings(upkeep_s=0.05)

    def relay() -> Relay:
        return Relay(source, RedisStreamWriter(redis_url), [STREAM], groups={STREAM: ["slow"]}, settings=settings)

    events = [new_event(name, 1) for name in in_one_partition(1000)]
    await record(source, *events)
    async with running(relay(), _consumer(sink, redis_url, "quick", journal)):
        await eventually(lambda: handled(sink, events), what="the quick group's handling")
        await eventually(lambda: _floor_is(source, "quick", 999), what="the quick group's report")
        async with redis_client(redis_url) as redis:
            # Expected, never seen: its floor is the origin.
            assert len(await entries(redis, Partition(STREAM, 0))) == 1000
    async with running(relay(), _consumer(slow_sink, redis_url, "slow", slow_journal)):
        await eventually(lambda: handled(slow_sink, events), what="the slow group's handling")
        async with redis_client(redis_url) as redis:
            await eventually(lambda: _shorter(redis, 200), what="trimming")


def _consumer(sink: Database, redis_url: str, group: str, journal: Journal) -> Consumer:
    settings = ConsumerSettings(floors_s=0.05, join_s=0.05)
    return Consumer(sink, RedisStreamReader(redis_url, group), group, [STREAM], journal, settings=settings)


async def _floor_is(source: Database, group: str, seq: int) -> bool:
    return await count(source, "stream_floors", f"group_name = '{group}' AND entry_seq = {seq}") == 1


async def _shorter(redis: Redis, length: int) -> bool:
    return len(await entries(redis, Partition(STREAM, 0))) < length


async def test_replicas_share_partitions_and_take_over_from_one_that_stops(
    database_factory: DatabaseFactory, redis_url: str
) -> None:
    source = await database_factory(FOLDERS)
    settings = RelaySettings(lease_s=1.0)
    first, second = (Relay(source, RedisStreamWriter(redis_url), [STREAM], settings=settings) for _ in range(2))

    async def holders(*numbers: int) -> bool:
        async with source.connection() as conn:
            rows = await conn.fetch_all(
                "SELECT COUNT(*) AS n FROM leases WHERE name LIKE 'relay:%%' AND expires_at > NOW(6) GROUP BY holder",
                (),
            )
        return sorted(row["n"] for row in rows) == sorted(numbers)

    async with running(first):
        await eventually(lambda: holders(PARTITIONS), what="one relay owning all")
        async with running(second):
            await eventually(lambda: holders(PARTITIONS // 2, PARTITIONS // 2), what="sharing")
            events = [new_event(f"pay_{n}", 1) for n in range(50)]
            await record(source, *events)
            await eventually(lambda: all_published(source), what="publishing by both")
        await eventually(lambda: holders(PARTITIONS), what="taking over")


async def test_two_consumers_of_a_group_on_different_streams_share_nothing(
    database_factory: DatabaseFactory, redis_url: str
) -> None:
    source, sink = await database_factory(FOLDERS), await database_factory(FOLDERS)
    journal = await Journal.create(sink)
    streams = [STREAM, "payments.live"]
    events = {stream: [new_event(f"{stream}_{n}", 1) for n in range(40)] for stream in streams}
    for stream in streams:
        await record(source, *events[stream], stream=stream)
    consumers = [Consumer(sink, RedisStreamReader(redis_url, "g"), "g", [stream], journal) for stream in streams]
    async with running(Relay(source, RedisStreamWriter(redis_url), streams), *consumers):
        await eventually(lambda: handled(sink, [*events[STREAM], *events["payments.live"]]), what="handling of both")
