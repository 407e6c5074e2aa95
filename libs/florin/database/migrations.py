"""Schema changes: forward only, numbered files, one statement each, any number of replicas starting at once.

DDL commits by itself in MySQL, so a file is recorded as begun before it runs. A file found begun and not finished is
run again, and "it exists already" then means that it had been done.

A large table is filled in batches: a file whose first line is ``-- repeat until nothing changes`` holds a statement
with a LIMIT, which is run, with a pause after each time, until it changes no row. Each run commits by itself, so a
migration that was stopped goes on where it was.
"""

import asyncio
import hashlib
import logging
import re
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pymysql.err
from msgspec import Struct

from florin.database.connection import Connection
from florin.database.errors import DatabaseUnavailable
from florin.database.pool import Database, DatabaseSettings

_log = logging.getLogger(__name__)
_NAME = re.compile(r"(\d{4})_([a-z0-9_]+)\.sql")
_ALREADY_DONE = frozenset({1050, 1060, 1061, 1091})  # table, column, key exists; column or key is gone
_LOCK_TIMEOUT_S = 60
_REPEAT = "-- repeat until nothing changes"
_BATCH_PAUSE_S = 0.02  # the work that serves customers goes first
_WAIT_S = 0.5
_STATEMENT_TIMEOUT_S = 86400.0  # a change of a large table runs online, and for hours
_TABLE = """
CREATE TABLE IF NOT EXISTS schema_migrations (
  component VARCHAR(64) NOT NULL,
  version SMALLINT UNSIGNED NOT NULL,
  name VARCHAR(128) NOT NULL,
  checksum CHAR(64) NOT NULL,
  begun_at DATETIME(6) NOT NULL DEFAULT NOW(6),
  finished_at DATETIME(6) NULL,
  PRIMARY KEY (component, version)
) ENGINE=InnoDB DEFAULT CHARSET=ascii COLLATE=ascii_bin
"""


class MigrationError(Exception):
    """The schema cannot be brought up to date; the sentence says why."""


class Migration(Struct, frozen=True):
    """One numbered file of a component."""

    component: str
    version: int
    name: str
    statement: str

    @property
    def checksum(self) -> str:
        """SHA-256 of the statement, in hex."""
        return hashlib.sha256(self.statement.encode()).hexdigest()


def read_migrations(directories: Sequence[Path]) -> Iterator[Migration]:
    """The files of each directory in order; the component is the name of the directory's parent."""
    for directory in directories:
        files = sorted(directory.glob("*.sql"))
        for expected, file in enumerate(files, start=1):
            match = _NAME.fullmatch(file.name)
            if match is None or int(match[1]) != expected:
                raise MigrationError(f"{directory.parent.name}: expected {expected:04d}_<name>.sql, found {file.name}.")
            yield Migration(directory.parent.name, expected, match[2], file.read_text().strip().rstrip(";"))


async def migrate(database: Database, directories: Sequence[Path], *, patient: bool = False) -> int:
    """Bring the schema up to date; the number of files applied. ``patient``: waits for another migration to its end.

    Raises MigrationError where an applied file was changed afterwards, or another replica holds the lock too long.
    """
    migrations = list(read_migrations(directories))
    async with database.connection(timeout_s=_STATEMENT_TIMEOUT_S) as connection:
        await connection.execute("SET SESSION lock_wait_timeout=10")
        await connection.execute(_TABLE)
        while not await _locked(connection):
            if not patient:
                raise MigrationError(f"Another process has been migrating for more than {_LOCK_TIMEOUT_S} s.")
            _log.info("waiting for another migration: it has held the lock for %d s more", _LOCK_TIMEOUT_S)
        try:
            return sum([await _apply(connection, migration) for migration in migrations])
        finally:
            await connection.execute("DO RELEASE_LOCK(CONCAT('florin_migrate_', DATABASE()))")


@asynccontextmanager
async def opened(
    settings: DatabaseSettings, directories: Sequence[Path], *, migrating: bool, patient: bool
) -> AsyncIterator[Database]:
    """A database with its schema up to date: brought there now, or, not ``migrating``, by another process.

    ``patient``: waits for a server that does not answer yet, as where everything is started at once, and for another
    migration, however long it takes.
    """
    database = await _open_patiently(settings) if patient else await Database.open(settings)
    try:
        if migrating:
            await migrate(database, directories, patient=patient)
        while not migrating and (missing := await _missing(database, directories)):
            _log.info("waiting for the schema: %s is not applied yet", missing)
            await asyncio.sleep(_WAIT_S)
        yield database
    finally:
        await database.close()


async def _open_patiently(settings: DatabaseSettings) -> Database:
    while True:
        try:
            return await Database.open(settings)
        except DatabaseUnavailable as error:
            _log.warning("waiting for the database %r: %s", settings, error.__cause__ or error)
            await asyncio.sleep(_WAIT_S)


async def _missing(database: Database, directories: Sequence[Path]) -> str | None:
    """The first file that is not applied. What a newer release has applied beyond ours does not matter."""
    async with database.connection() as connection:
        there = await connection.fetch_one(
            "SELECT 1 FROM information_schema.tables WHERE table_schema=DATABASE() AND table_name='schema_migrations'"
        )
        rows = await connection.fetch_all("SELECT * FROM schema_migrations") if there else []
    done = {(row["component"], row["version"]) for row in rows if row["finished_at"]}
    for migration in read_migrations(directories):
        if (migration.component, migration.version) not in done:
            return f"{migration.component}/{migration.version:04d}_{migration.name}"
    return None


async def _locked(connection: Connection) -> bool:
    row = await connection.fetch_one(
        "SELECT GET_LOCK(CONCAT('florin_migrate_', DATABASE()), %s) AS locked", (_LOCK_TIMEOUT_S,)
    )
    return row is not None and row["locked"] == 1


async def _apply(connection: Connection, migration: Migration) -> bool:
    key = (migration.component, migration.version)
    done = await connection.fetch_one(
        "SELECT checksum, finished_at FROM schema_migrations WHERE component=%s AND version=%s", key
    )
    if done and done["finished_at"]:
        if done["checksum"] != migration.checksum:
            raise MigrationError(
                f"{migration.component}/{migration.version:04d}_{migration.name} was changed after it was applied; "
                "write a new migration instead."
            )
        return False
    if done is None:
        await connection.insert_rows(
            "schema_migrations",
            ("component", "version", "name", "checksum"),
            [(*key, migration.name, migration.checksum)],
        )
    try:
        while await connection.execute(migration.statement) and migration.statement.startswith(_REPEAT):  # noqa: ASYNC110
            await asyncio.sleep(_BATCH_PAUSE_S)  # a pause between batches: there is nothing to wait for
    except pymysql.err.MySQLError as error:
        if not (done and error.args and error.args[0] in _ALREADY_DONE):
            raise
    await connection.execute(
        "UPDATE schema_migrations SET checksum=%s, finished_at=NOW(6) WHERE component=%s AND version=%s",
        (migration.checksum, *key),
    )
    _log.info("migrated %s/%04d_%s", migration.component, migration.version, migration.name)
    return True
