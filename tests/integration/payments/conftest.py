"""A simulator and a migrated schema for the whole session, and payments' insides at work on them."""

import asyncio
import secrets
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from tests.support.payments_bench import Bench, open_bench
from tests.support.servers import MariaDBServer
from tests.support.simulator import SimulatorProcess

from florin.database import Database, DatabaseSettings, migrate
from payments.main import MIGRATIONS

_TABLES = (
    "payments",
    "operations",
    "decisions",
    "ledger_entries",
    "idempotency_keys",
    "callbacks",
    "external_references",
    "outbox",
)


@pytest.fixture(scope="session")
def acquirer() -> Iterator[SimulatorProcess]:
    with tempfile.TemporaryDirectory(prefix="florin-payments-") as folder:
        process = SimulatorProcess(Path(folder))
        process.start()
        yield process
        process.kill()


@pytest.fixture(scope="session")
def payments_schema(mariadb: MariaDBServer) -> Iterator[str]:
    """Where a schema of payments is; migrating one for each test would take most of the time."""
    name = f"t_{secrets.token_hex(8)}"
    mariadb.create_database(name)
    url = mariadb.url(name)

    async def prepare() -> None:
        database = await Database.open(DatabaseSettings(url=url, pool_size=1))
        await migrate(database, MIGRATIONS)
        await database.close()

    asyncio.run(prepare())
    yield url
    mariadb.drop_database(name)


@pytest.fixture
async def bench(payments_schema: str, acquirer: SimulatorProcess) -> AsyncIterator[Bench]:
    database = await Database.open(DatabaseSettings(url=payments_schema, pool_size=8))
    async with database.connection() as conn:
        for table in _TABLES:
            await conn.execute(f"DELETE FROM {table}")
    async with open_bench(database, acquirer) as bench:
        yield bench
    await database.close()
