"""Migrations on a real server: once, in order, by many at a time, resumed, and in batches."""

import asyncio
import secrets
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pymysql.err
import pytest
from tests.support.servers import MariaDBServer

from devtools.environment import variables
from florin.database import Database, DatabaseSettings, MigrationError, migrate, opened


def a_component(folder: Path, *statements: str) -> Path:
    directory = folder / "component" / "migrations"
    directory.mkdir(parents=True, exist_ok=True)
    for number, statement in enumerate(statements, start=1):
        (directory / f"{number:04d}_step.sql").write_text(statement)
    return directory


async def rows(database: Database, sql: str) -> list[dict[str, Any]]:
    async with database.connection() as conn:
        return await conn.fetch_all(sql)


async def test_each_file_is_applied_once_by_whoever_comes_first(database_factory: Any, tmp_path: Path) -> None:
    database = await database_factory()
    directory = a_component(tmp_path, "CREATE TABLE t (id INT PRIMARY KEY)", "INSERT INTO t VALUES (1)")
    applied = await asyncio.gather(*(migrate(database, [directory]) for _ in range(4)))
    assert sorted(applied) == [0, 0, 0, 2]
    assert await rows(database, "SELECT id FROM t") == [{"id": 1}]


async def test_a_file_that_changed_after_it_was_applied_is_refused(database_factory: Any, tmp_path: Path) -> None:
    database = await database_factory()
    directory = a_component(tmp_path, "CREATE TABLE t (id INT PRIMARY KEY)")
    await migrate(database, [directory])
    a_component(tmp_path, "CREATE TABLE t (id BIGINT PRIMARY KEY)")
    with pytest.raises(MigrationError, match="changed after it was applied"):
        await migrate(database, [directory])


async def test_numbers_must_have_no_gap(database_factory: Any, tmp_path: Path) -> None:
    database = await database_factory()
    directory = a_component(tmp_path, "CREATE TABLE t (id INT PRIMARY KEY)")
    (directory / "0003_gap.sql").write_text("SELECT 1")
    with pytest.raises(MigrationError, match="0002"):
        await migrate(database, [directory])


async def test_a_step_that_was_cut_between_statement_and_record_goes_on(database_factory: Any, tmp_path: Path) -> None:
    database = await database_factory()
    directory = a_component(tmp_path, "CREATE TABLE t (id INT PRIMARY KEY)", "ALTER TABLE t ADD COLUMN name INT")
    await migrate(database, [directory])
    async with database.connection() as conn:
        await conn.execute("UPDATE schema_migrations SET finished_at=NULL WHERE version=2")
    assert await migrate(database, [directory]) == 1


async def test_a_statement_that_fails_is_tried_again_and_never_taken_for_done(
    database_factory: Any, tmp_path: Path
) -> None:
    database = await database_factory()
    directory = a_component(tmp_path, "CREATE TABLE t (id NONSENSE)")
    for _ in range(2):
        with pytest.raises(pymysql.err.MySQLError):
            await migrate(database, [directory])
    a_component(tmp_path, "CREATE TABLE t (id INT)")
    assert await migrate(database, [directory]) == 1


async def test_a_large_table_is_filled_in_batches_that_commit_one_by_one(database_factory: Any, tmp_path: Path) -> None:
    database = await database_factory()
    directory = a_component(
        tmp_path,
        "CREATE TABLE t (id INT PRIMARY KEY, name INT NULL)",
        "INSERT INTO t (id) SELECT seq FROM seq_1_to_950",
        "-- repeat until nothing changes\nUPDATE t SET name=id WHERE name IS NULL LIMIT 100",
    )
    migrating = asyncio.create_task(migrate(database, [directory]))
    seen = set()
    while not migrating.done():
        try:
            seen.add((await rows(database, "SELECT COUNT(name) AS n FROM t"))[0]["n"])
        except pymysql.err.MySQLError:
            continue  # the table is not there yet
    assert migrating.result() == 3
    assert await rows(database, "SELECT COUNT(*) AS n FROM t WHERE name IS NULL") == [{"n": 0}]
    assert any(0 < n < 950 for n in seen)


async def test_who_may_not_migrate_waits_for_the_server_and_for_the_schema(
    mariadb: MariaDBServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: asyncio.Queue[str] = asyncio.Queue()
    for level in ("info", "warning"):
        monkeypatch.setattr(f"florin.database.migrations._log.{level}", lambda text, *_: told.put_nowait(text))
    name = f"t_{secrets.token_hex(8)}"
    directory = a_component(tmp_path, "CREATE TABLE t (id INT PRIMARY KEY)", "CREATE TABLE u (id INT PRIMARY KEY)")

    async def serve(url: str) -> None:
        async with opened(DatabaseSettings(url=url, pool_size=1), [directory], migrating=False, patient=True):
            pass

    with closed_port() as nobody:
        early = asyncio.create_task(serve(f"mysql://a:b@127.0.0.1:{nobody}/{name}"))
        assert "waiting for the database" in await asyncio.wait_for(told.get(), 10)
        early.cancel()
    mariadb.create_database(name)
    service = asyncio.create_task(serve(mariadb.url(name)))
    while "waiting for the schema" not in await asyncio.wait_for(told.get(), 10):
        continue
    assert not service.done()
    async with opened(DatabaseSettings(url=mariadb.url(name), pool_size=1), [directory], migrating=True, patient=False):
        await asyncio.wait_for(service, 10)
    (directory / "0002_step.sql").unlink()  # an older release, after a rollback: what is newer is not its business
    await asyncio.wait_for(serve(mariadb.url(name)), 10)
    mariadb.drop_database(name)


async def test_a_replica_gives_up_on_another_migration_and_a_job_waits_for_its_end(
    database_factory: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: asyncio.Queue[str] = asyncio.Queue()
    monkeypatch.setattr("florin.database.migrations._log.info", lambda text, *_: told.put_nowait(text))
    monkeypatch.setattr("florin.database.migrations._LOCK_TIMEOUT_S", 1)
    database = await database_factory()
    directory = a_component(tmp_path, "CREATE TABLE t (id INT PRIMARY KEY)")
    async with database.connection() as another:
        await another.execute("DO GET_LOCK(CONCAT('florin_migrate_', DATABASE()), 0)")
        with pytest.raises(MigrationError, match="Another process has been migrating"):
            await migrate(database, [directory])
        job = asyncio.create_task(migrate(database, [directory], patient=True))
        for _ in range(2):
            assert "waiting for another migration" in await asyncio.wait_for(told.get(), 10)
        await another.execute("DO RELEASE_LOCK(CONCAT('florin_migrate_', DATABASE()))")
    assert await asyncio.wait_for(job, 10) == 1


@pytest.mark.parametrize("service", ["payments", "merchants", "notifications"])
def test_the_command_migrate_is_told_where_the_database_is_and_nothing_else(
    service: str, mariadb: MariaDBServer
) -> None:
    name = f"t_{secrets.token_hex(8)}"
    mariadb.create_database(name)
    others = {key: value for key, value in variables().items() if not key.startswith("FLORIN_")}
    migrated = subprocess.run(
        [sys.executable, "-m", f"{service}.main", "migrate"],
        env={**others, "FLORIN_DATABASE_URL": mariadb.url(name)},
        capture_output=True,
        text=True,
    )
    assert migrated.returncode == 0, migrated.stderr
    assert f"migrated {service}/0001_" in migrated.stdout + migrated.stderr
    mariadb.drop_database(name)


@contextmanager
def closed_port() -> Iterator[int]:
    """A port that is bound and not listened on, so that nobody takes it meanwhile."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]
