"""Redis forgets: nothing that was committed may be lost, whatever it forgot and whenever."""

import asyncio
import random
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from redis.asyncio import Redis as RedisClient
from tests.conftest import DatabaseFactory
from tests.support.servers import running_redis, temporary_folder
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

from devtools.redis import Redis
from florin.contracts.events import Event
from florin.database import Database
from florin.inbox import Consumer, ConsumerSettings
from florin.outbox import Relay, RelaySettings
from florin.streams.port import PARTITIONS, Partition
from florin.streams.redis_streams import RedisStreamReader, RedisStreamWriter, stream_key, writer_key

GROUP = "notifications"
RELAY = RelaySettings(upkeep_s=0.1, most_backoff_s=0.3)
CONSUMER = ConsumerSettings(floors_s=0.1, join_s=0.05, most_backoff_s=0.3)
P0 = Partition(STREAM, 0)


class Rig:
    """A source with its relay, a sink with its consumer."""

    def __init__(self, source: Database, sink: Database, journal: Journal, url: str) -> None:
        self.source, self.sink, self.journal, self.url = source, sink, journal, url
        self.written: list[Event] = []

    def relay(self) -> Relay:
        return Relay(self.source, RedisStreamWriter(self.url), [STREAM], settings=RELAY)

    def consumer(self) -> Consumer:
        return Consumer(self.sink, RedisStreamReader(self.url, GROUP), GROUP, [STREAM], self.journal, settings=CONSUMER)

    async def write(self, *events: Event) -> None:
        await record(self.source, *events)
        self.written += events

    async def published(self) -> None:
        await eventually(lambda: all_published(self.source), what="publishing")

    async def complete(self) -> None:
        await eventually(lambda: handled(self.sink, self.written), within_s=30, what="handling")
        await self.journal.assert_complete(self.sink, self.written)


@pytest.fixture
async def rig(database_factory: DatabaseFactory, redis_url: str) -> Rig:
    sink = await database_factory(FOLDERS)
    return Rig(await database_factory(FOLDERS), sink, await Journal.create(sink), redis_url)


async def test_flushes_in_the_middle_lose_nothing_and_keep_order(rig: Rig, redis_server: Redis) -> None:
    async with running(rig.relay(), rig.consumer()):
        for version in range(1, 41):
            await rig.write(*(new_event(f"pay_{n}", version) for n in range(20)))
            if version % 8 == 0:
                redis_server.flush()
            if version % 16 == 0:
                await asyncio.sleep(random.random() * 0.05)
                redis_server.flush()  # while the first is being mended
        await rig.complete()


async def test_what_nobody_had_read_is_published_again_after_a_flush(rig: Rig, redis_server: Redis) -> None:
    events = [new_event(name, version) for version in (1, 2, 3) for name in in_one_partition(300)]
    async with running(rig.relay()):
        await rig.write(*events)
        await rig.published()
        redis_server.flush()
        redis_server.flush()
        async with running(rig.consumer()):
            await rig.complete()


async def test_only_what_is_past_the_floor_is_published_again(rig: Rig, redis_server: Redis) -> None:
    names = in_one_partition(20)
    async with running(rig.relay(), rig.consumer()):
        await rig.write(*(new_event(name, 1) for name in names))
        await rig.complete()
        await eventually(lambda: _floor_is(rig.source, 19), what="the report of the floor")
    async with running(rig.relay()):
        await rig.write(*(new_event(name, 2) for name in names[:5]))
        await rig.published()
        redis_server.flush()
        async with redis_client(rig.url) as redis:
            await eventually(lambda: _length(redis, 5), what="publishing again")
    async with running(rig.relay(), rig.consumer()):
        await rig.complete()


async def test_the_slowest_group_decides_what_is_published_again(
    rig: Rig, database_factory: DatabaseFactory, redis_server: Redis
) -> None:
    slow_sink = await database_factory(FOLDERS)
    slow_journal = await Journal.create(slow_sink)

    def slow() -> Consumer:
        reader = RedisStreamReader(rig.url, "slow")
        return Consumer(slow_sink, reader, "slow", [STREAM], slow_journal, settings=CONSUMER)

    names = in_one_partition(20)
    async with running(rig.relay(), rig.consumer()):
        async with running(slow()):
            await rig.write(*(new_event(name, 1) for name in names))
            await eventually(lambda: handled(slow_sink, rig.written), what="handling by the slow group")
            await eventually(lambda: _floor_is(rig.source, 19, "slow"), what="the slow group's report")
        await rig.write(*(new_event(name, 2) for name in names))
        await rig.complete()
        await eventually(lambda: _floor_is(rig.source, 39), what="the quick group's report")
        redis_server.flush()
        async with running(slow()):
            await eventually(lambda: handled(slow_sink, rig.written), what="the slow group's catching up")
    await slow_journal.assert_complete(slow_sink, rig.written)
    await rig.journal.assert_complete(rig.sink, rig.written)


async def _floor_is(source: Database, seq: int, group: str = GROUP) -> bool:
    where = f"partition_no = 0 AND entry_seq = {seq} AND group_name = '{group}'"
    return await count(source, "stream_floors", where) == 1


async def _length(redis: RedisClient, length: int) -> bool:
    return len(await entries(redis, P0)) == length


@pytest.mark.parametrize("restored", ["older", "nothing"])
async def test_a_killed_redis_that_comes_back_with_less(database_factory: DatabaseFactory, restored: str) -> None:
    sink = await database_factory(FOLDERS)
    with temporary_folder() as folder, running_redis(folder) as server:
        rig = Rig(await database_factory(FOLDERS), sink, await Journal.create(sink), server.url)
        async with running(rig.relay(), rig.consumer()):
            await rig.write(*(new_event(f"pay_{n}", 1) for n in range(50)))
            await rig.complete()
        # The tail: published, partly processed, and not in the file that Redis comes back with.
        files, copy = server.folder / "appendonlydir", folder / "copy"
        server.kill()
        shutil.copytree(files, copy)
        server.start()
        async with running(rig.relay()):
            async with running(rig.consumer()):
                await rig.write(*(new_event(f"pay_{n}", 2) for n in range(0, 50, 2)))
                await rig.complete()
            await rig.write(*(new_event(f"pay_{n}", 3) for n in range(50)))
            await rig.published()
            server.kill()
            shutil.rmtree(files)
            if restored == "older":
                shutil.copytree(copy, files)
                _own_as(files, server.folder)
            await rig.write(*(new_event(f"pay_{n}", 4) for n in range(50)))
            server.start()
            async with running(rig.consumer()):
                await rig.complete()


def _own_as(folder: Path, owner: Path) -> None:
    for path in (folder, *folder.rglob("*")):
        shutil.chown(path, owner.stat().st_uid, owner.stat().st_gid)


async def _delete_stream(redis: RedisClient) -> None:
    await redis.delete(stream_key(P0))


async def _delete_an_entry(redis: RedisClient) -> None:
    await redis.xdel(stream_key(P0), (await entries(redis, P0))[10][0])


async def _trim(redis: RedisClient) -> None:
    await redis.xtrim(stream_key(P0), maxlen=3, approximate=False)


async def _destroy_group(redis: RedisClient) -> None:
    await redis.xgroup_destroy(stream_key(P0), GROUP)


async def _lose_mark(redis: RedisClient) -> None:
    await redis.delete(writer_key(P0))


@pytest.mark.parametrize("damage", [_delete_stream, _delete_an_entry, _trim, _destroy_group, _lose_mark])
async def test_damage_to_a_stream_is_noticed(rig: Rig, damage: Callable[[RedisClient], Awaitable[None]]) -> None:
    names = in_one_partition(30)
    async with running(rig.relay(), rig.consumer()):
        await rig.write(*(new_event(name, 1) for name in names))
        await rig.complete()
    async with running(rig.relay()):
        await rig.write(*(new_event(name, 2) for name in names))
        await rig.published()
        async with redis_client(rig.url) as redis:
            await damage(redis)
        async with running(rig.consumer()):
            await rig.complete()


async def test_damage_under_a_running_consumer_is_noticed(rig: Rig) -> None:
    names = in_one_partition(30)
    async with running(rig.relay(), rig.consumer()), redis_client(rig.url) as redis:
        for version, damage in enumerate([_delete_stream, _destroy_group, _lose_mark, _delete_stream], start=1):
            await rig.write(*(new_event(name, version) for name in names))
            await damage(redis)
            await rig.complete()


async def test_events_wait_while_redis_is_down(database_factory: DatabaseFactory) -> None:
    sink = await database_factory(FOLDERS)
    with temporary_folder() as folder, running_redis(folder) as server:
        rig = Rig(await database_factory(FOLDERS), sink, await Journal.create(sink), server.url)
        relay = rig.relay()
        rounds = 0
        original = relay._round

        async def counted() -> bool:
            nonlocal rounds
            rounds += 1
            return await original()

        relay._round = counted  # type: ignore[method-assign]
        async with running(relay, rig.consumer()):
            await rig.write(*(new_event(f"pay_{n}", 1) for n in range(10)))
            await rig.complete()
            server.kill()
            await rig.write(*(new_event(f"pay_{n}", 2) for n in range(10)))
            await eventually(lambda: true(relay.transport_down), what="noticing the outage")
            rounds = 0
            for _ in range(100):  # a busy service must not drive the relay against a dead Redis
                relay.wake()
                await asyncio.sleep(0.01)
            assert rounds < 15
            assert await count(rig.source, "outbox", "entry_fence IS NULL") == 10
            server.start()
            await rig.complete()
            await eventually(lambda: true(not relay.transport_down), what="noticing the end of the outage")


async def test_fences_that_fell_behind_the_stream_are_raised_above_it(rig: Rig) -> None:
    """As after the source's database was restored from a backup, with floors and entries of a later time in Redis."""
    async with redis_client(rig.url) as redis:
        for number in range(PARTITIONS):
            await redis.xadd(stream_key(Partition(STREAM, number)), {"event_id": "evt_later"}, id="900-7")
            await redis.hset(f"{stream_key(Partition(STREAM, number))}:floors", GROUP, "950-1")
        async with running(rig.relay(), rig.consumer()):
            await rig.write(*(new_event(f"pay_{n}", 1) for n in range(30)))
            await rig.complete()
    assert await count(rig.source, "outbox", "entry_fence <= 950") == 0
