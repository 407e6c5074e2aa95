"""The checked-in schema of each service, which must equal its migrations replayed.

Run as a program it writes ``services/*/schema.sql`` anew, from a private MariaDB.
"""

import asyncio
import importlib
import secrets
from pathlib import Path

from tests.support.schema import dump_schema
from tests.support.servers import MariaDBServer, running_mariadb, temporary_folder

from florin.database import Database, DatabaseSettings, migrate

SERVICES_FOLDER = Path(__file__).parents[2] / "services"


def services() -> list[str]:
    """Services with a database: those that have a composition root and migrations."""
    return sorted(
        folder.name
        for folder in SERVICES_FOLDER.iterdir()
        if (folder / "main.py").exists() and (folder / "migrations").is_dir()
    )


def schema_file(service: str) -> Path:
    """Where a service's schema is checked in."""
    return SERVICES_FOLDER / service / "schema.sql"


async def replay(server: MariaDBServer, service: str) -> str:
    """The schema that a service's migrations make, as text. ``main.MIGRATIONS`` names their folders."""
    folders = importlib.import_module(f"{service}.main").MIGRATIONS
    name = f"t_{secrets.token_hex(8)}"
    server.create_database(name)
    try:
        database = await Database.open(DatabaseSettings(url=server.url(name), pool_size=1))
        try:
            await migrate(database, list(folders))
            return await dump_schema(database)
        finally:
            await database.close()
    finally:
        server.drop_database(name)


async def _write_all() -> None:
    with temporary_folder() as folder, running_mariadb(folder) as server:
        for service in services():
            schema_file(service).write_text(await replay(server, service))


if __name__ == "__main__":
    asyncio.run(_write_all())
