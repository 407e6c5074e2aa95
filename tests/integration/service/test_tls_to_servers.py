"""Services speak TLS with MariaDB and Redis: certificates and names are verified, their own are shown."""

import gc
import secrets
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pymysql.err
import pytest
from tests.support.certificates import Authority
from tests.support.servers import MariaDBServer

from devtools.mariadb import create_data
from devtools.ports import any_free_port
from devtools.redis import Redis
from florin.database import Database, DatabaseUnavailable
from florin.service import ServiceSettings
from florin.settings import load
from florin.streams.port import Partition, StreamUnavailable
from florin.streams.redis_streams import RedisStreamWriter

# Both drivers leave the transport of a refused handshake to the garbage collector, which warns.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning")

AWKWARD = "p@ss:w/rd%?#"
PARTITION = Partition("tls", 0)


@pytest.fixture(autouse=True)
def collected() -> Iterator[None]:
    """What is left to the garbage collector is collected here, and not in another module's test."""
    yield
    gc.collect()


@pytest.fixture(scope="module")
def authority(server_folder: Path) -> Authority:
    return Authority(server_folder / "authority")


@pytest.fixture(scope="module")
def stranger(server_folder: Path) -> Authority:
    return Authority(server_folder / "stranger")


@pytest.fixture(scope="module")
def client_files(authority: Authority) -> tuple[Path, Path]:
    return authority.issue("client")


@pytest.fixture(scope="module")
def database_server(server_folder: Path, authority: Authority) -> Iterator[MariaDBServer]:
    """Takes connections with TLS only; the account `shown` has to show a certificate."""
    certificate, key = authority.issue("mariadb", "127.0.0.1")
    home = server_folder / "mariadb-tls"
    home.mkdir(mode=0o711)
    create_data(home / "data")
    settings = {"ssl-ca": str(authority.file), "ssl-cert": str(certificate), "ssl-key": str(key)}
    server = MariaDBServer(home, any_free_port(), settings=settings | {"require-secure-transport": "ON"})
    server.init_statement("CREATE DATABASE florin")
    for user, requirement in (("plain", ""), ("shown", "REQUIRE X509")):
        server.init_statement(f"CREATE USER {user}@'127.0.0.1' IDENTIFIED BY '{AWKWARD}' {requirement}")
        server.init_statement(f"GRANT ALL ON florin.* TO {user}@'127.0.0.1'")
    server.start()
    yield server
    server.kill()


@pytest.fixture(scope="module")
def redis_with_tls(server_folder: Path, authority: Authority) -> Iterator[tuple[Redis, int]]:
    """A Redis and the port on which it takes TLS from whoever shows a certificate."""
    certificate, key = authority.issue("redis", "127.0.0.1")
    home = server_folder / "redis-tls"
    home.mkdir(mode=0o711)
    port = any_free_port()
    server = Redis(
        home,
        any_free_port(),
        AWKWARD.replace("#", ""),
        when_parent_dies=signal.SIGKILL,
        settings={
            "tls-port": str(port),
            "tls-ca-cert-file": str(authority.file),
            "tls-cert-file": str(certificate),
            "tls-key-file": str(key),
            "tls-auth-clients": "yes",
        },
    )
    server.start()
    yield server, port
    server.kill()


def settings(**variables: object) -> ServiceSettings:
    token = secrets.token_hex(16)
    defaults = {
        "DATABASE_URL": "mysql://nobody@127.0.0.1:1/florin",
        "REDIS_URL": "redis://127.0.0.1:1/0",
        "ADMIN_TOKEN": token,
        "INTERNAL_TOKEN": token,
    }
    return load(ServiceSettings, {f"FLORIN_{name}": str(value) for name, value in (defaults | variables).items()})


@asynccontextmanager
async def database_of(server: MariaDBServer, user: str, host: str = "127.0.0.1", **more: object) -> AsyncIterator[Any]:
    url = f"mysql://{user}@{host}:{server.port}/florin"
    wanted = settings(DATABASE_URL=url, DATABASE_PASSWORD=AWKWARD, DATABASE_TLS="true", **more)
    database = await Database.open(wanted.database(pool_size=1))
    try:
        async with database.connection() as conn:
            yield conn
    finally:
        await database.close()


async def test_the_database_is_spoken_to_with_tls(database_server: MariaDBServer, authority: Authority) -> None:
    async with database_of(database_server, "plain", DATABASE_CA_FILE=authority.file) as conn:
        row = await conn.fetch_one("SHOW SESSION STATUS LIKE 'Ssl_version'")
        assert row["Value"] in ("TLSv1.2", "TLSv1.3")


async def test_a_database_that_the_authority_did_not_sign_is_refused(
    database_server: MariaDBServer, stranger: Authority
) -> None:
    for trusted in ({"DATABASE_CA_FILE": stranger.file}, {}):  # another authority; the system's
        with pytest.raises(DatabaseUnavailable):
            async with database_of(database_server, "plain", **trusted):
                pass


async def test_a_database_of_another_name_is_refused(database_server: MariaDBServer, authority: Authority) -> None:
    with pytest.raises(DatabaseUnavailable):
        async with database_of(database_server, "plain", "localhost", DATABASE_CA_FILE=authority.file):
            pass


async def test_a_database_that_asks_for_a_certificate_is_shown_it(
    database_server: MariaDBServer, authority: Authority, client_files: tuple[Path, Path]
) -> None:
    with pytest.raises(pymysql.err.OperationalError, match="Access denied"):
        async with database_of(database_server, "shown", DATABASE_CA_FILE=authority.file):
            pass
    shown = {"DATABASE_CERT_FILE": client_files[0], "DATABASE_CERT_KEY_FILE": client_files[1]}
    async with database_of(database_server, "shown", DATABASE_CA_FILE=authority.file, **shown) as conn:
        assert await conn.fetch_one("SELECT 1 AS one") == {"one": 1}


async def floors(redis: Redis, port: int, scheme: str = "rediss", host: str = "127.0.0.1", **more: object) -> Any:
    """What a writer's question is answered."""
    wanted = settings(REDIS_URL=f"{scheme}://{host}:{port}/0", REDIS_PASSWORD=redis.password, **more)
    writer = RedisStreamWriter(wanted.redis_location)
    try:
        return await writer.read_floors([PARTITION])
    finally:
        await writer.close()


async def test_redis_is_spoken_to_with_tls(
    redis_with_tls: tuple[Redis, int],
    authority: Authority,
    stranger: Authority,
    client_files: tuple[Path, Path],
) -> None:
    trusted = {"REDIS_CA_FILE": authority.file}
    shown = {"REDIS_CERT_FILE": client_files[0], "REDIS_CERT_KEY_FILE": client_files[1]}
    assert await floors(*redis_with_tls, **trusted, **shown) == {PARTITION: {}}
    wrong: list[dict[str, Any]] = [
        {**trusted},  # shows no certificate
        {**shown, "REDIS_CA_FILE": stranger.file},
        {**shown},  # the system's authorities
        {**trusted, **shown, "host": "localhost"},  # a certificate for another name
        {**trusted, **shown, "scheme": "redis"},
    ]
    for case in wrong:
        with pytest.raises(StreamUnavailable):
            await floors(*redis_with_tls, **case)
