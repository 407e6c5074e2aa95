"""What a relay tells of the backlog, with Redis and without."""

from tests.conftest import DatabaseFactory
from tests.support.metrics import sample
from tests.support.streaming import FOLDERS, STREAM, Journal, eventually, new_event, record, running, true

from devtools.redis import Redis
from florin.database import Database
from florin.inbox import Consumer, ConsumerSettings
from florin.outbox import Relay, RelaySettings
from florin.streams.redis_streams import RedisStreamReader, RedisStreamWriter

OFTEN = RelaySettings(measure_s=0.05, upkeep_s=0.05)


def relay(db: Database, url: str) -> Relay:
    return Relay(db, RedisStreamWriter(url), [STREAM], groups={STREAM: ["reader"]}, settings=OFTEN)


async def test_what_waits_is_told_while_the_transport_is_down(database_factory: DatabaseFactory) -> None:
    db = await database_factory(FOLDERS)
    await record(db, *(new_event(f"pay_{n}", 1) for n in range(5)))
    async with db.connection() as conn:
        await conn.execute("UPDATE outbox SET occurred_at = NOW(6) - INTERVAL 1 HOUR WHERE aggregate_id = 'pay_3'")
    async with running(relay(db, "redis://127.0.0.1:1/0")):  # nobody listens there
        await eventually(lambda: true(sample("florin_outbox_unpublished", stream=STREAM) == 5))
        assert 3600 <= (sample("florin_outbox_unpublished_age_seconds", stream=STREAM) or 0) < 3700
        await eventually(lambda: true(sample("florin_outbox_transport_down") == 1))


async def test_the_lag_of_a_group_grows_until_it_has_processed(
    database_factory: DatabaseFactory, redis_url: str, redis_server: Redis
) -> None:
    db = await database_factory(FOLDERS)
    await record(db, *(new_event(f"pay_{n}", 1) for n in range(20)))
    async with db.connection() as conn:
        await conn.execute("UPDATE outbox SET occurred_at = NOW(6) - INTERVAL 1 HOUR WHERE aggregate_id = 'pay_3'")

    def lag() -> float:
        return sample("florin_stream_lag_seconds", stream=STREAM, group="reader") or 0

    async with running(relay(db, redis_url)):
        await eventually(lambda: true(3600 <= lag() < 3700))
        assert sample("florin_outbox_unpublished", stream=STREAM) == 0
        sink = await database_factory(FOLDERS)
        reader = RedisStreamReader(redis_url, "reader")
        journal = await Journal.create(sink)
        async with running(
            Consumer(sink, reader, "reader", [STREAM], journal, settings=ConsumerSettings(floors_s=0.05))
        ):
            await eventually(lambda: true(lag() == 0))
