"""Fixtures for all tests: real servers, started once for a run and only when a test asks for them."""

import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from pathlib import Path

import pytest
from tests.support.kubernetes import ApiServer, build_first, running_api_server
from tests.support.platform import Platform, Shop, open_shop
from tests.support.servers import MariaDBServer, running_mariadb, running_redis, temporary_folder

from devtools.redis import Redis
from florin.database import Database, DatabaseSettings, migrate

DatabaseFactory = Callable[[Sequence[Path]], Awaitable[Database]]


def pytest_collection_finish(session: pytest.Session) -> None:
    """Before the first test."""
    build_first(session)


@pytest.fixture(scope="session")
def server_folder() -> Iterator[Path]:
    """The folder that private servers live in."""
    with temporary_folder() as folder:
        yield folder


@pytest.fixture(scope="session")
def mariadb(server_folder: Path) -> Iterator[MariaDBServer]:
    """A private MariaDB with durable settings."""
    with running_mariadb(server_folder) as server:
        yield server


@pytest.fixture(scope="session")
def redis_server(server_folder: Path) -> Iterator[Redis]:
    """A private Redis, with whatever earlier tests left in it: use `redis_url` for an empty one."""
    with running_redis(server_folder) as server:
        yield server


@pytest.fixture
def redis_url(redis_server: Redis) -> str:
    """An empty Redis."""
    redis_server.flush()
    return redis_server.url


@pytest.fixture
async def database_factory(mariadb: MariaDBServer) -> AsyncIterator[DatabaseFactory]:
    """Makes databases: ``await database_factory([migration folders])`` opens one on a fresh, migrated schema."""
    opened: list[tuple[str, Database]] = []

    async def make(folders: Sequence[Path] = ()) -> Database:
        name = f"t_{secrets.token_hex(8)}"
        mariadb.create_database(name)
        database = await Database.open(DatabaseSettings(url=mariadb.url(name), pool_size=8))
        opened.append((name, database))
        await migrate(database, list(folders))
        return database

    yield make
    for name, database in opened:
        await database.close()
        mariadb.drop_database(name)


@pytest.fixture(scope="session")
def api_server(server_folder: Path) -> Iterator[ApiServer]:
    """A Kubernetes API server with nothing behind it. Tests keep to a namespace of their own."""
    with running_api_server(server_folder / "kubernetes") as server:
        yield server


@pytest.fixture(scope="session")
def platform(
    mariadb: MariaDBServer, server_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Platform]:
    """One running platform for all tests of a session that leave it whole."""
    with running_redis(server_folder) as redis:  # a Redis of its own: other tests flush theirs
        platform = Platform(tmp_path_factory.mktemp("platform"), mariadb, redis.url)
        try:
            platform.start()
            yield platform
            platform.stop()
        finally:
            platform.close()


@pytest.fixture
async def shop(platform: Platform) -> AsyncIterator[Shop]:
    """A merchant of its own on that platform."""
    async with open_shop(platform) as shop:
        yield shop
