"""The pool of one schema, transactions, and their repetition."""

import asyncio
import logging
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, Self, TypeVar
from urllib.parse import unquote, urlsplit

import aiomysql
from msgspec import Struct
from pymysql.constants import FIELD_TYPE
from pymysql.converters import conversions, convert_datetime

from florin.database import metrics
from florin.database.connection import Connection
from florin.database.errors import CommitUnknown, DatabaseUnavailable, TransactionRolledBack, translated
from florin.tls import ClientTls

T = TypeVar("T")
_log = logging.getLogger(__name__)
_ATTEMPTS = 6
# The versioned comments are read by MariaDB alone (M!) and by MySQL alone (!80000): the two name these differently.
# A stopped writer must not hold its locks: the server ends its transaction (MySQL has no such setting).
_SESSION = (
    "SET time_zone='+00:00', sql_mode='STRICT_ALL_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE,ERROR_FOR_DIVISION_BY_ZERO,"
    "NO_ENGINE_SUBSTITUTION', SESSION innodb_lock_wait_timeout=2"
    "/*M! , SESSION tx_isolation='READ-COMMITTED', SESSION idle_write_transaction_timeout=2 */"
    "/*!80000 , SESSION transaction_isolation='READ-COMMITTED' */"
)


class DatabaseSettings(Struct, frozen=True):
    """Where a schema is: ``mysql://user:password@host:port/schema``, and how many connections to hold open."""

    url: str
    password: str = ""
    """In place of the one in the URL, which would have to be escaped there."""
    tls: ClientTls | None = None
    pool_size: int = 8
    connect_timeout_s: float = 5.0
    acquire_timeout_s: float = 5.0
    statement_timeout_s: float = 10.0

    def __repr__(self) -> str:
        parts = urlsplit(self.url)
        return f"DatabaseSettings({parts.hostname}:{parts.port}{parts.path})"


class Database:
    """A pool of connections to one schema."""

    def __init__(self, settings: DatabaseSettings, pool: Any) -> None:
        self._settings = settings
        self._pool = pool

    @classmethod
    async def open(cls, settings: DatabaseSettings) -> Self:
        """Connect. Raises DatabaseUnavailable where the server cannot be reached or refuses us."""
        url = urlsplit(settings.url)
        with translated():
            async with asyncio.timeout(settings.connect_timeout_s * 2):
                pool = await aiomysql.create_pool(
                    # minsize = maxsize: the pool connects under its lock, so it must not do so while serving
                    minsize=settings.pool_size,
                    maxsize=settings.pool_size,
                    host=url.hostname or "127.0.0.1",
                    port=url.port or 3306,
                    user=unquote(url.username or ""),
                    password=settings.password or unquote(url.password or ""),
                    db=url.path.lstrip("/"),
                    charset="utf8mb4",
                    autocommit=True,
                    connect_timeout=settings.connect_timeout_s,
                    init_command=_SESSION,
                    ssl=settings.tls and settings.tls.context(),
                    conv={**conversions, FIELD_TYPE.DATETIME: _utc, FIELD_TYPE.TIMESTAMP: _utc},
                )
        metrics.watch(pool)
        return cls(settings, pool)

    async def close(self) -> None:
        """Close every connection, those in use as well."""
        self._pool.terminate()
        await self._pool.wait_closed()

    @asynccontextmanager
    async def connection(self, *, timeout_s: float | None = None) -> AsyncIterator[Connection]:
        """A connection on which each statement commits by itself. ``timeout_s`` is for one statement."""
        async with self._acquire() as raw:
            yield Connection(raw, timeout_s or self._settings.statement_timeout_s)

    async def ping(self) -> None:
        """Have the server answer; raises DatabaseUnavailable."""
        async with self.connection() as conn:
            await conn.fetch_one("SELECT 1 AS one")

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """BEGIN, then COMMIT at the end of the block; an exception rolls back.

        A cancelled COMMIT is waited for, since it happens all the same. Raises CommitUnknown when its answer is lost.
        """
        async with self._acquire() as raw:
            connection = Connection(raw, self._settings.statement_timeout_s, begin=True)
            try:
                yield connection
            except Exception:
                await self._roll_back(raw)
                raise
            await _finish(asyncio.create_task(_commit_and_tell(connection)))

    async def run(self, work: Callable[[Connection], Awaitable[T]]) -> T:
        """``work`` in a transaction of its own, repeated whole when the server rolled it back (1213, 1205, 1020)."""
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                async with self.transaction() as connection:
                    return await work(connection)
            except TransactionRolledBack:
                if attempt == _ATTEMPTS:
                    raise DatabaseUnavailable("The database is too contended; try again.") from None
                await asyncio.sleep(random.uniform(0.002, 0.02) * attempt)
        raise AssertionError("unreachable")

    @asynccontextmanager
    async def _acquire(self) -> AsyncIterator[Any]:
        with translated():
            try:
                async with asyncio.timeout(self._settings.acquire_timeout_s):
                    raw = await self._pool.acquire()
            except TimeoutError:
                metrics.ACQUIRE_TIMEOUTS.inc()
                raise
        try:
            yield raw
        except (Exception, asyncio.CancelledError) as error:
            # Half an exchange may be on the wire: such a connection must not serve anybody else.
            if isinstance(error, asyncio.CancelledError | DatabaseUnavailable):
                raw.close()
            raise
        finally:
            await self._pool.release(raw)

    async def _roll_back(self, raw: Any) -> None:
        try:
            async with asyncio.timeout(self._settings.statement_timeout_s):
                await raw.rollback()
        except Exception:  # noqa: BLE001 - whatever it was, closing the connection rolls back too
            _log.debug("rollback failed; the connection is closed", exc_info=True)
            raw.close()


async def commit(connection: Connection) -> None:
    """COMMIT, telling a lost answer apart from everything else."""
    try:
        await connection.execute("COMMIT")
    except DatabaseUnavailable as error:
        raise CommitUnknown("The database did not answer to COMMIT.") from error


async def _commit_and_tell(connection: Connection) -> None:
    await commit(connection)
    for callback in connection.after_commit:
        callback()


async def _finish(task: "asyncio.Task[None]") -> None:
    """Wait for a task to its end; a cancellation of the waiter is passed on only after it."""
    cancelled = False
    while not task.done():
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError:
            cancelled = True
    error = task.exception()
    if cancelled:
        raise asyncio.CancelledError from error
    if error is not None:
        raise error


def _utc(text: str) -> datetime:
    value = convert_datetime(text)
    if not isinstance(value, datetime):
        raise TypeError(f"not a time: {text!r}")
    return value.replace(tzinfo=UTC)
