"""Handlers that fail: what waits, what goes on, what is given up."""

import msgspec
import pytest
from tests.conftest import DatabaseFactory
from tests.support.streaming import (
    FOLDERS,
    STREAM,
    Journal,
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

from florin.database import Database, DatabaseUnavailable
from florin.errors import InvalidRequest, NotFound, Unavailable
from florin.inbox import Consumer, ConsumerSettings, DeadLetterReplayed, RetrySettings, list_dead_letters
from florin.outbox import Relay
from florin.streams.port import Partition
from florin.streams.redis_streams import RedisStreamReader, RedisStreamWriter, stream_key

GROUP = "notifications"
P0 = Partition(STREAM, 0)
RETRY = RetrySettings(most_tries=4, first_delay_s=0.02, longest_delay_s=0.05)
SETTINGS = ConsumerSettings(floors_s=0.1, join_s=0.05, most_backoff_s=0.1, retry=RETRY)
SLOW = ConsumerSettings(floors_s=0.1, join_s=0.05, retry=RetrySettings(first_delay_s=60.0, longest_delay_s=60.0))


class Rig:
    def __init__(self, source: Database, sink: Database, journal: Journal, url: str) -> None:
        self.source, self.sink, self.journal, self.url = source, sink, journal, url

    def relay(self) -> Relay:
        return Relay(self.source, RedisStreamWriter(self.url), [STREAM])

    def consumer(self, settings: ConsumerSettings = SETTINGS) -> Consumer:
        return Consumer(self.sink, RedisStreamReader(self.url, GROUP), GROUP, [STREAM], self.journal, settings=settings)

    async def dead(self, number: int) -> None:
        async def there() -> bool:
            return await count(self.sink, "dead_letters") == number

        await eventually(there, what=f"{number} dead letters")

    async def floor_is(self, seq: int) -> bool:
        return await count(self.sink, "consumer_floors", f"partition_no = 0 AND entry_seq = {seq}") == 1

    async def nothing_pending(self) -> None:
        async def none() -> bool:
            async with redis_client(self.url) as redis:
                return all(group["pending"] == 0 for group in await redis.xinfo_groups(stream_key(P0)))

        await eventually(none, what="acknowledging")


@pytest.fixture
async def rig(database_factory: DatabaseFactory, redis_url: str) -> Rig:
    sink = await database_factory(FOLDERS)
    return Rig(await database_factory(FOLDERS), sink, await Journal.create(sink), redis_url)


async def test_a_poisoned_event_is_given_up_and_blocks_only_its_aggregate(rig: Rig) -> None:
    bad, *good = in_one_partition(40)
    rig.journal.failing[bad] = RuntimeError("cannot stand this one")
    first = [new_event(name, 1) for name in (*good[:20], bad, *good[20:])]
    await record(rig.source, *first)
    async with running(rig.relay(), rig.consumer()):
        await eventually(lambda: handled(rig.sink, first[1:]), what="handling the good ones")
        await rig.dead(1)
        await rig.nothing_pending()
    poisoned = first[20]
    # The bad one was tried as often as is allowed, and each time alone in its transaction.
    assert rig.journal.calls.count([poisoned.id]) == RETRY.most_tries
    async with rig.sink.connection() as conn:
        (letter,) = await list_dead_letters(conn, group=GROUP)
        assert await list_dead_letters(conn, group="another") == []
        assert await list_dead_letters(conn, before=letter.id) == []
    assert (letter.event_id, letter.tries, letter.stream) == (poisoned.id, 4, STREAM)
    assert letter.reason == "RuntimeError: cannot stand this one"
    assert msgspec.json.decode(letter.payload)["id"] == poisoned.id
    async with redis_client(rig.url) as redis:
        ((_, fields),) = await redis.xrange(f"florin:dead:{GROUP}")
        assert fields[b"event_id"].decode() == poisoned.id


async def test_later_events_of_a_failing_aggregate_wait_and_then_follow_in_order(rig: Rig) -> None:
    bad, good = in_one_partition(2)
    rig.journal.failing[bad] = Unavailable("not yet")
    events = [new_event(bad, 1), new_event(bad, 2), new_event(good, 1)]
    await record(rig.source, *events)
    patient = ConsumerSettings(
        floors_s=0.1, join_s=0.05, retry=RetrySettings(first_delay_s=0.05, longest_delay_s=0.05, most_tries=1000)
    )
    async with running(rig.relay(), rig.consumer(patient)):
        await eventually(lambda: handled(rig.sink, events[2:]), what="handling the good one")
        late = [new_event(bad, 3), new_event(good, 2)]
        await record(rig.source, *late)
        await eventually(lambda: handled(rig.sink, [events[2], late[1]]), what="handling the good one's next")
        assert {name for _, name, _ in await rig.journal.read(rig.sink)} == {good}
        rig.journal.failing.clear()
        await eventually(lambda: handled(rig.sink, events + late), what="handling what waited")
    await rig.journal.assert_complete(rig.sink, events + late)


async def test_the_floor_stays_below_an_event_that_waits(rig: Rig) -> None:
    bad, *good = in_one_partition(10)
    rig.journal.failing[bad] = Unavailable("not yet")
    await record(rig.source, *(new_event(name, 1) for name in (*good[:4], bad, *good[4:])))
    async with running(rig.relay(), rig.consumer(SLOW)):
        await eventually(lambda: handled(rig.sink, [new_event(n, 1) for n in good]), what="handling the good ones")
    assert await rig.floor_is(3)
    # A successor begins with what waited. Its floor passes what the other one did once it has seen that nothing else is
    # pending, a round after the last event is handled.
    rig.journal.failing.clear()
    async with running(rig.relay(), rig.consumer()):
        await eventually(lambda: handled(rig.sink, [new_event(n, 1) for n in (bad, *good)]), what="handling the rest")
        await eventually(lambda: rig.floor_is(9), what="raising the floor")


async def test_an_error_that_cannot_pass_is_given_up_at_once(rig: Rig) -> None:
    (name,) = in_one_partition(1)
    rig.journal.failing[name] = InvalidRequest("no such thing")
    await record(rig.source, new_event(name, 1))
    async with running(rig.relay(), rig.consumer()):
        await rig.dead(1)
    assert len(rig.journal.calls) == 1


async def test_a_database_that_is_away_costs_no_tries(rig: Rig) -> None:
    (name,) = in_one_partition(1)
    event = new_event(name, 1)
    rig.journal.failing[name] = DatabaseUnavailable("away")
    await record(rig.source, event)
    async with running(rig.relay(), rig.consumer()):

        async def tried() -> bool:
            return len(rig.journal.calls) > 3 * RETRY.most_tries

        await eventually(tried, what="trying")
        rig.journal.failing.clear()
        await eventually(lambda: handled(rig.sink, [event]), what="handling")
    assert await count(rig.sink, "dead_letters") == 0


async def test_an_entry_that_is_no_event_is_given_up(rig: Rig) -> None:
    names = in_one_partition(3)
    events = [new_event(name, 1) for name in names]
    await record(rig.source, *events)
    async with rig.source.connection() as conn:
        await conn.execute("UPDATE outbox SET payload = '{\"id\": 5}' WHERE event_id = %s", (events[1].id,))
    async with running(rig.relay(), rig.consumer()):
        await eventually(lambda: handled(rig.sink, events[:2]), what="handling the others")
        await rig.dead(1)
        await rig.nothing_pending()
    async with rig.sink.connection() as conn:
        (letter,) = await list_dead_letters(conn)
    assert letter.event_id == events[1].id
    assert letter.reason.startswith("not an event: ")


async def test_a_dead_letter_is_replayed_once(rig: Rig) -> None:
    (name,) = in_one_partition(1)
    event = new_event(name, 1)
    rig.journal.failing[name] = InvalidRequest("no such thing")
    await record(rig.source, event)
    consumer = rig.consumer()
    async with running(rig.relay(), consumer):
        await rig.dead(1)
        async with rig.sink.connection() as conn:
            (letter,) = await list_dead_letters(conn)
        with pytest.raises(InvalidRequest):
            await consumer.replay_dead_letter(letter.id)
        rig.journal.failing.clear()
        await consumer.replay_dead_letter(letter.id)
        with pytest.raises(DeadLetterReplayed):
            await consumer.replay_dead_letter(letter.id)
        with pytest.raises(NotFound):
            await consumer.replay_dead_letter("dl_none")
    assert [event_id for event_id, _, _ in await rig.journal.read(rig.sink)] == [event.id]
    async with rig.sink.connection() as conn:
        assert await list_dead_letters(conn) == []
        assert len(await list_dead_letters(conn, replayed=True)) == 1


async def test_too_many_waiting_events_stop_the_reading_of_their_partition_only(rig: Rig) -> None:
    bad, *_ = in_one_partition(1)
    rig.journal.failing[bad] = Unavailable("not yet")
    blocked = [new_event(bad, version) for version in range(1, 61)]
    others = [new_event(f"pay_test_00{n}", 1) for n in range(6)]  # of other partitions
    await record(rig.source, *blocked)
    settings = ConsumerSettings(
        batch=16,
        most_waiting=20,
        join_s=0.05,
        retry=RetrySettings(first_delay_s=0.1, longest_delay_s=0.1, most_tries=99),
    )
    async with running(rig.relay(), rig.consumer(settings)):
        await record(rig.source, *others)
        await eventually(lambda: handled(rig.sink, others), what="handling other partitions")
        async with redis_client(rig.url) as redis:
            (group,) = await redis.xinfo_groups(stream_key(P0))
            assert group["pending"] < 60
            assert len(await entries(redis, P0)) == 60
        rig.journal.failing.clear()
        await eventually(lambda: handled(rig.sink, blocked + others), what="handling all")
    await rig.journal.assert_complete(rig.sink, blocked + others)
