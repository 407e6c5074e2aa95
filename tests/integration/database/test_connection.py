"""Statements and transactions on a real server."""

import asyncio
import secrets
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.support.cutting_proxy import Cut, cutting_proxy
from tests.support.metrics import sample
from tests.support.servers import MariaDBServer

from florin.database import (
    CommitUnknown,
    Connection,
    Database,
    DatabaseSettings,
    DatabaseUnavailable,
    DuplicateKey,
    literal,
)

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=50)
HOSTILE = st.text("'\\\0\n\r\x1a\";%é€😀", max_size=20)  # what an escaper may get wrong, close together
VALUES = st.one_of(
    TEXTS, HOSTILE, HOSTILE.map(str.encode), st.binary(max_size=50), st.integers(-(2**63), 2**63 - 1), st.none()
)


@pytest.fixture
async def database(database_factory: Any) -> Database:
    database: Database = await database_factory()
    async with database.connection() as conn:
        await conn.execute("CREATE TABLE t (id INT PRIMARY KEY, n INT NOT NULL DEFAULT 0) ENGINE=InnoDB")
    return database


async def test_every_value_comes_back_as_it_went(database: Database) -> None:
    async with database.connection() as conn:
        loop = asyncio.get_running_loop()

        @settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
        @given(st.lists(VALUES, min_size=1, max_size=5))
        def check(values: list[Any]) -> None:
            columns = ",".join(f"%s AS c{n}" for n in range(len(values)))
            future = asyncio.run_coroutine_threadsafe(conn.fetch_one(f"SELECT {columns}", values), loop)
            row = future.result(10)
            assert row is not None
            assert list(row.values()) == values

        await asyncio.to_thread(check)


async def test_times_are_utc_and_aware(database: Database) -> None:
    at = datetime(2026, 11, 21, 12, 30, 0, 123456, tzinfo=UTC)
    async with database.connection() as conn:
        row = await conn.fetch_one("SELECT CAST(%s AS DATETIME(6)) AS at", (at,))
    assert row == {"at": at}
    with pytest.raises(ValueError, match="without a zone"):
        literal(datetime(2026, 1, 1))  # noqa: DTZ001 - the mistake itself


def test_floats_have_no_literal() -> None:
    with pytest.raises(TypeError):
        literal(1.5)


async def test_a_duplicate_is_told_by_its_key_and_rolls_the_transaction_back(database: Database) -> None:
    with pytest.raises(DuplicateKey) as caught:
        await _insert(database, 1, 1)
    assert caught.value.key == "PRIMARY"
    assert await _count(database) == 0


async def test_a_deadlock_is_run_again_as_a_whole(database: Database) -> None:
    async with database.connection() as conn:
        await conn.insert_rows("t", ("id",), [(1,), (2,)])
    both_hold_one = asyncio.Barrier(2)
    first_try = {"a", "b"}

    async def cross(name: str, first: int, second: int) -> None:
        async def work(conn: Connection) -> None:
            await conn.execute("UPDATE t SET n=n+1 WHERE id=%s", (first,))
            if name in first_try:
                first_try.discard(name)
                await both_hold_one.wait()
            await conn.execute("UPDATE t SET n=n+1 WHERE id=%s", (second,))

        await database.run(work)

    await asyncio.gather(cross("a", 1, 2), cross("b", 2, 1))
    async with database.connection() as conn:
        assert await conn.fetch_all("SELECT n FROM t ORDER BY id") == [{"n": 2}, {"n": 2}]


async def test_a_cancelled_commit_is_waited_for(database: Database) -> None:
    """The server commits all the same; so the caller must not believe that it did not."""

    async def insert(number: int) -> None:
        async with database.transaction() as conn:
            await conn.insert_rows("t", ("id",), [(number,)])
            task.cancel()

    task = asyncio.create_task(insert(7))
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await _count(database) == 1


async def test_a_connection_that_was_left_in_mid_exchange_serves_nobody_else(database: Database) -> None:
    async def slow() -> None:
        async with database.connection() as conn:
            await conn.fetch_one("SELECT SLEEP(2)")

    for _ in range(3):
        task = asyncio.create_task(slow())
        await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    results = await asyncio.gather(*(_one(database, number) for number in range(50)))
    assert results == list(range(50))


async def test_a_lost_answer_to_commit_is_unknown_and_anything_else_is_unavailable(
    database: Database, mariadb: Any
) -> None:
    async with database.connection() as conn:
        row = await conn.fetch_one("SELECT DATABASE() AS name")
    assert row is not None
    async with cutting_proxy(mariadb.port) as proxy:
        url = mariadb.url(row["name"]).replace(f":{mariadb.port}/", f":{proxy.port}/")
        through = await Database.open(DatabaseSettings(url=url, pool_size=1))
        try:
            proxy.cut_next(b"COMMIT", Cut.AFTER)
            with pytest.raises(CommitUnknown):
                await _insert(through, 1)
            proxy.cut_next(b"INSERT", Cut.BEFORE)
            with pytest.raises(DatabaseUnavailable) as caught:
                await _insert(through, 2)
            assert not isinstance(caught.value, CommitUnknown)
            assert await _one(through, 5) == 5  # the pool has mended itself
        finally:
            await through.close()
    assert await _count(database) == 1


async def _insert(database: Database, *ids: int) -> None:
    async with database.transaction() as conn:
        for each in ids:
            await conn.insert_rows("t", ("id",), [(each,)])


async def _count(database: Database) -> int:
    async with database.connection() as conn:
        row = await conn.fetch_one("SELECT COUNT(*) AS n FROM t")
    assert row is not None
    return int(row["n"])


async def _one(database: Database, number: int) -> int:
    async with database.connection() as conn:
        row = await conn.fetch_one("SELECT %s AS n", (number,))
    assert row is not None
    return int(row["n"])


async def test_a_pool_that_is_used_up_is_told(mariadb: MariaDBServer) -> None:
    mariadb.create_database(name := f"t_{secrets.token_hex(8)}")
    database = await Database.open(DatabaseSettings(url=mariadb.url(name), pool_size=1, acquire_timeout_s=0.05))
    before = sample("florin_database_acquire_timeouts_total") or 0
    async with database.connection():
        assert (sample("florin_database_connections"), sample("florin_database_connections_in_use")) == (1, 1)
        with pytest.raises(DatabaseUnavailable):
            async with database.connection():
                pass
    assert sample("florin_database_connections_in_use") == 0
    assert sample("florin_database_acquire_timeouts_total") == before + 1
    await database.close()
    mariadb.drop_database(name)
