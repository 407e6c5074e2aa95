"""The book's file: SQLite of its own, one writer, commits shared by everything that arrives in one turn of the loop.

Statements run in the event loop (some 10 us each). A write opens the transaction, which is committed on the loop's next
turn; ``durable()`` returns after that, and nobody is answered before it. A write-ahead log with ``synchronous=NORMAL``
survives the death of the process at any point; it does not promise the last moments before a power loss.
"""

import asyncio
import contextlib
import fcntl
import sqlite3
from pathlib import Path
from typing import IO, Any

_SCHEMA = Path(__file__).with_name("schema.sql")
_TABLES_OF_A_RUN = (
    "operations",
    "authorizations",
    "disputes",
    "callbacks",
    "fault_rules",
    "strikes",
    "conduct",
    "received",
)


class BookInUse(Exception):
    """Another process keeps this book; two writers would give out the same numbers."""


class Book:
    """An open book. Use it from one event loop only."""

    def __init__(self, database: sqlite3.Connection, lock: IO[str]) -> None:
        self._database = database
        self._lock = lock
        self._commit: asyncio.Future[None] | None = None
        self._next_number = self._last_number() + 1

    @classmethod
    def open(cls, path: Path) -> "Book":
        """Open or make the book at ``path``. Raises BookInUse."""
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = path.with_name(path.name + ".lock").open("w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            raise BookInUse(f"Another simulator keeps the book {path}; stop it or name another file.") from None
        database = sqlite3.connect(path, isolation_level=None, cached_statements=256)
        database.row_factory = sqlite3.Row
        database.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-32000;")
        database.executescript(_SCHEMA.read_text())
        return cls(database, lock)

    def close(self) -> None:
        """Commit what waits and close."""
        self._finish_commit()
        self._database.close()
        self._lock.close()

    def take_number(self) -> int:
        """The next operation's number, not given out before to any operation of the book. Gaps are of no harm."""
        number = self._next_number
        self._next_number += 1
        return number

    def rows(self, sql: str, *parameters: Any) -> list[sqlite3.Row]:
        """All rows of a query. It sees what waits for its commit: answer with it only after ``durable()``."""
        return self._database.execute(sql, parameters).fetchall()

    def row(self, sql: str, *parameters: Any) -> sqlite3.Row | None:
        """The first row of a query, or None."""
        found: sqlite3.Row | None = self._database.execute(sql, parameters).fetchone()
        return found

    def write(self, sql: str, *parameters: Any) -> int:
        """Run one writing statement within the loop's shared transaction; returns the row id of an insert.

        All writes between two awaits are committed together or not at all.
        """
        if self._commit is None:
            self._database.execute("BEGIN IMMEDIATE")
            loop = asyncio.get_running_loop()
            self._commit = loop.create_future()
            loop.call_soon(self._finish_commit)
        try:
            return self._database.execute(sql, parameters).lastrowid or 0
        except sqlite3.Error as error:
            self._abandon(error)
            raise

    async def durable(self) -> None:
        """Return after everything written so far is committed."""
        if self._commit is not None:
            await asyncio.shield(self._commit)

    def forget(self) -> None:
        """Empty the book. Terminals and receivers stay, and numbers go on."""
        for table in _TABLES_OF_A_RUN:
            self.write(f"DELETE FROM {table}")

    def _finish_commit(self) -> None:
        if self._commit is None:
            return
        try:
            self._database.execute("COMMIT")
        except sqlite3.Error as error:
            self._abandon(error)
        else:
            self._commit.set_result(None)
            self._commit = None

    def _abandon(self, error: sqlite3.Error) -> None:
        """Roll back for everyone in the transaction: half an operation must not be committed with its neighbours."""
        with contextlib.suppress(sqlite3.Error):
            self._database.execute("ROLLBACK")
        if self._commit is not None:
            self._commit.set_exception(error)
            self._commit.exception()  # marks it as seen; those who wait in durable() still get it
            self._commit = None

    def _last_number(self) -> int:
        last = self.row("SELECT MAX(number) AS last FROM operations")
        return (last["last"] if last else None) or 0
