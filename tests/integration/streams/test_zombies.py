"""Owners that lost their lease and do not know it: a paused process, a partition from the database."""

import asyncio

import pytest
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
)

from florin.database import Connection, Database
from florin.inbox import Consumer, ConsumerSettings, ReceivedEvent
from florin.outbox import Relay, RelaySettings
from florin.streams.port import (
    ORIGIN,
    Append,
    Appended,
    EntryId,
    Outgoing,
    Partition,
    RefusalKind,
    Refused,
)
from florin.streams.redis_streams import RedisStreamReader, RedisStreamWriter, stream_key, writer_key

P0 = Partition(STREAM, 0)
GROUP = "notifications"
CONSUMER = ConsumerSettings(floors_s=0.1, join_s=0.05, most_backoff_s=0.3)


async def expire_leases(db: Database, prefix: str) -> None:
    """What a long pause of their holders does."""
    async with db.connection() as conn:
        await conn.execute("UPDATE leases SET expires_at = NOW(6) WHERE name LIKE %s", (f"{prefix}%",))


async def hand_over(db: Database, prefix: str) -> None:
    """Let another process take the leases, without the holder noticing."""
    async with db.connection() as conn:
        await conn.execute(
            "UPDATE leases SET fence = fence + 1, holder = 'other', expires_at = NOW(6) + INTERVAL 1 HOUR"
            " WHERE name LIKE %s",
            (f"{prefix}%",),
        )


async def test_a_writer_with_an_older_fence_is_refused(redis_url: str) -> None:
    old, new = RedisStreamWriter(redis_url), RedisStreamWriter(redis_url)
    entry = Outgoing("evt_1", "pay_1", b"{}", None)
    try:
        assert await old.restart(P0, 3) is None
        assert await old.append([Append(P0, 3, ORIGIN, [entry, entry])]) == [Appended(EntryId(3, 0))]
        assert await new.take(P0, 4, EntryId(3, 1)) is None
        # Before the successor's first entry and after it; and it cannot take its place back.
        refused = Refused(RefusalKind.FENCED, 4)
        assert await old.append([Append(P0, 3, EntryId(3, 1), [entry])]) == [refused]
        assert await new.append([Append(P0, 4, EntryId(3, 1), [entry])]) == [Appended(EntryId(4, 0))]
        assert await old.append([Append(P0, 3, EntryId(3, 1), [entry])]) == [refused]
        assert await old.take(P0, 3, EntryId(3, 1)) == refused
        assert await old.restart(P0, 3) == refused
    finally:
        await old.close()
        await new.close()


async def test_a_writer_learns_that_redis_was_started_again(redis_url: str) -> None:
    """Redis may be back with all that the writer knows of, and still have lost what only others know of."""
    writer = RedisStreamWriter(redis_url)
    entry = Outgoing("evt_1", "pay_1", b"{}", None)
    try:
        assert await writer.restart(P0, 3) is None
        assert await writer.append([Append(P0, 3, ORIGIN, [entry])]) == [Appended(EntryId(3, 0))]
        async with redis_client(redis_url) as redis:
            await redis.set(writer_key(P0), "3:0123456789abcdef0123456789abcdef01234567")  # another run of the server
        forgotten = Refused(RefusalKind.FORGOTTEN, 3)
        assert await writer.append([Append(P0, 3, EntryId(3, 0), [entry])]) == [forgotten]
        assert await writer.take(P0, 3, EntryId(3, 0)) == forgotten
    finally:
        await writer.close()


async def test_a_relay_that_lost_its_lease_marks_nothing(database_factory: DatabaseFactory, redis_url: str) -> None:
    """A late mark would name an entry that the successor may have found lost: the row would be hidden for ever."""
    source = await database_factory(FOLDERS)
    event = new_event(in_one_partition(1)[0], 1)

    class Paused(RedisStreamWriter):
        async def append(self, appends):  # type: ignore[no-untyped-def]
            answers = await super().append(appends)
            if any(append.entries for append in appends):
                await hand_over(source, "relay:")
            return answers

    relay = Relay(source, Paused(redis_url), [STREAM])
    async with running(relay):
        await eventually(lambda: _taken(redis_url), what="taking the partition over")
        await record(source, event)
        relay.wake()
        async with redis_client(redis_url) as redis:
            await eventually(lambda: _has_entries(redis_url), what="publishing")
            await asyncio.sleep(0)
    assert await count(source, "outbox", "entry_fence IS NULL") == 1
    await expire_leases(source, "relay:")
    async with running(Relay(source, RedisStreamWriter(redis_url), [STREAM])):
        await eventually(lambda: all_published(source), what="publishing by the successor")
    async with redis_client(redis_url) as redis:
        assert [fields[b"event_id"].decode() for _, fields in await entries(redis, P0)] == [event.id, event.id]


async def _taken(url: str) -> bool:
    async with redis_client(url) as redis:
        return bool(await redis.exists(f"{stream_key(P0)}:writer"))


async def _has_entries(url: str) -> bool:
    async with redis_client(url) as redis:
        return bool(await redis.xlen(stream_key(P0)))


@pytest.fixture
async def sink(database_factory: DatabaseFactory) -> Database:
    return await database_factory(FOLDERS)


async def test_a_consumer_that_lost_its_lease_commits_nothing(
    database_factory: DatabaseFactory, sink: Database, redis_url: str
) -> None:
    source = await database_factory(FOLDERS)
    journal = await Journal.create(sink)
    events = [new_event(name, 1) for name in in_one_partition(20)]
    await record(source, *events)
    paused, resume = asyncio.Event(), asyncio.Event()

    async def slow(conn: Connection, received: list[ReceivedEvent]) -> None:
        await journal(conn, received)
        paused.set()
        await resume.wait()

    def consumer(handler) -> Consumer:  # type: ignore[no-untyped-def]
        return Consumer(sink, RedisStreamReader(redis_url, GROUP), GROUP, [STREAM], handler, settings=CONSUMER)

    async with running(Relay(source, RedisStreamWriter(redis_url), [STREAM])):
        zombie = consumer(slow)
        async with running(zombie):
            await asyncio.wait_for(paused.wait(), 20)
            await hand_over(sink, "consumer:")
            zombie.stop()
            resume.set()
        assert await count(sink, "journal") == 0
        assert await count(sink, "inbox") == 0
        await expire_leases(sink, "consumer:")
        # The successor finds what the zombie had read: both read under the group's name.
        async with running(consumer(journal)):
            await eventually(lambda: handled(sink, events), what="handling by the successor")
    await journal.assert_complete(sink, events)


async def test_entries_that_a_zombie_reads_are_found_again(
    database_factory: DatabaseFactory, sink: Database, redis_url: str
) -> None:
    """A read that was blocked when the lease was lost may still be answered, with entries that the owner never sees."""
    source = await database_factory(FOLDERS)
    journal = await Journal.create(sink)
    names = in_one_partition(10)
    relay = Relay(source, RedisStreamWriter(redis_url), [STREAM], settings=RelaySettings(upkeep_s=0.1))
    owner = Consumer(sink, RedisStreamReader(redis_url, GROUP), GROUP, [STREAM], journal, settings=CONSUMER)
    written = []
    async with running(relay, owner), redis_client(redis_url) as redis:
        for version in range(1, 6):
            # Now and then the zombie is first, and takes everything there is.
            theft = asyncio.create_task(
                redis.execute_command(  # type: ignore[no-untyped-call]
                    "XREADGROUP", "GROUP", GROUP, GROUP, "COUNT", 3, "BLOCK", 300, "STREAMS", stream_key(P0), ">"
                )
                if version > 1
                else asyncio.sleep(0)
            )
            for name in names:
                written.append(new_event(name, version))
                await record(source, written[-1])
            relay.wake()
            await theft
            # Whatever was stolen, something must follow that shows the hole.
            written.append(new_event(names[0], 100 + version))
            await record(source, written[-1])
            relay.wake()
            await eventually(lambda: handled(sink, written), what="handling")
    assert sorted(event_id for event_id, _, _ in await journal.read(sink)) == sorted(event.id for event in written)
    # They were found among the pending ones: nothing had to be published again.
    assert await count(source, "outbox", "entry_fence <> (SELECT MIN(entry_fence) FROM outbox)") == 0


async def test_a_successor_reads_what_its_predecessor_left_pending(
    database_factory: DatabaseFactory, sink: Database, redis_url: str
) -> None:
    source = await database_factory(FOLDERS)
    journal = await Journal.create(sink)
    events = [new_event(name, 1) for name in in_one_partition(700)]
    await record(source, *events)
    async with running(Relay(source, RedisStreamWriter(redis_url), [STREAM])):
        await eventually(lambda: all_published(source), what="publishing")
        async with redis_client(redis_url) as redis:
            await redis.xgroup_create(stream_key(P0), GROUP, id="0")
            await redis.xreadgroup(GROUP, GROUP, {stream_key(P0): ">"}, count=650)
        async with running(
            Consumer(sink, RedisStreamReader(redis_url, GROUP), GROUP, [STREAM], journal, settings=CONSUMER)
        ):
            await eventually(lambda: handled(sink, events), what="handling")
    await journal.assert_complete(sink, events)


async def test_an_entry_that_comes_twice_is_handled_once(
    database_factory: DatabaseFactory, sink: Database, redis_url: str
) -> None:
    source = await database_factory(FOLDERS)
    journal = await Journal.create(sink)
    names = in_one_partition(5)
    events = [new_event(name, version) for version in (1, 2) for name in names]
    await record(source, *events)
    relay = Relay(source, RedisStreamWriter(redis_url), [STREAM])
    consumer = Consumer(sink, RedisStreamReader(redis_url, GROUP), GROUP, [STREAM], journal, settings=CONSUMER)

    async def publish_again() -> None:  # as after a crash between publishing and marking
        await eventually(lambda: all_published(source), what="publishing")
        async with source.connection() as conn:
            await conn.execute("UPDATE outbox SET entry_fence = NULL, entry_seq = NULL")

    async with running(relay):
        await publish_again()
        await eventually(lambda: all_published(source), what="publishing twice")
        async with running(consumer):
            await eventually(lambda: _all_acknowledged(redis_url, 20), what="handling what came twice at once")
            await publish_again()
            await eventually(lambda: _all_acknowledged(redis_url, 30), what="handling what came again later")
    await journal.assert_complete(sink, events)


async def _all_acknowledged(url: str, length: int) -> bool:
    async with redis_client(url) as redis:
        groups = await redis.xinfo_groups(stream_key(P0))
        return any(g["pending"] == 0 and g["entries-read"] == length for g in groups)
