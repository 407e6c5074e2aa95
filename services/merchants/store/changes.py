"""A transaction that changes something: it numbers its changes, and tells the feed and the stream of each.

The counter's row is locked from the first statement to the commit, so writers come one after the other. That costs
nothing at the pace of configuration, and gives the feed its promise: version N+1 is not there before N.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import NamedTuple, TypeVar

import msgspec

from florin.contracts.directory import STREAM, Change, FeedPage, Kind, State
from florin.contracts.events import Event, snapshot
from florin.database import Connection, Database
from florin.outbox import record_events

T = TypeVar("T")


class ChangeLog:
    """The changes of one transaction."""

    def __init__(self, conn: Connection, epoch: str, version: int, now: datetime) -> None:
        self.conn = conn
        self.now = now
        """When the transaction began, on the database's clock."""
        self._epoch = epoch
        self._version = version
        self._changes: list[tuple[Change, Event]] = []

    def next_version(self) -> int:
        """The number of a change that is about to be recorded."""
        self._version += 1
        return self._version

    def record(
        self,
        kind: Kind,
        subject: str,
        state: State,
        *,
        aggregate_id: str,
        merchant_id: str = "",
        livemode: bool | None = None,
        version: int | None = None,
    ) -> None:
        """The new state of one thing; ``version`` where `next_version` was asked for it before."""
        number = version or self.next_version()
        change = Change(self._epoch, number, kind.value, subject, snapshot(state))
        event = Event(
            id=f"evt_{self._epoch}_{number}",
            type=kind.event_type,
            merchant_id=merchant_id,
            aggregate_id=aggregate_id,
            sequence=number,
            occurred_at=self.now,
            data=snapshot(change),
            livemode=livemode,
        )
        self._changes.append((change, event))

    async def flush(self) -> bool:
        """Write what was recorded; whether there was anything."""
        if not self._changes:
            return False
        await self.conn.insert_rows(
            "feed",
            ("version", "kind", "subject", "state"),
            [(change.version, change.kind, change.subject, bytes(change.state)) for change, _ in self._changes],
            on_duplicate="version=VALUES(version), state=VALUES(state)",
        )
        await record_events(self.conn, STREAM, [event for _, event in self._changes])
        await self.conn.execute("UPDATE change_counter SET version=%s WHERE id=1", (self._version,))
        return True


class Changes:
    """Runs changing transactions. ``wake`` is called after a commit that has something to publish."""

    def __init__(self, db: Database, wake: Callable[[], None] = lambda: None) -> None:
        self._db = db
        self._wake = wake

    async def run(self, work: Callable[[ChangeLog], Awaitable[T]]) -> T:
        """``work`` in one transaction, repeated whole where the server gave it up."""

        async def transaction(conn: Connection) -> tuple[T, bool]:
            row = await conn.fetch_one("SELECT epoch, version FROM change_counter WHERE id=1 FOR UPDATE")
            if row is None:
                raise LookupError("change_counter has lost its row; the schema is not as migrations left it")
            log = ChangeLog(conn, row["epoch"], row["version"], await read_now(conn))
            result = await work(log)
            return result, await log.flush()

        result, published = await self._db.run(transaction)
        if published:
            self._wake()
        return result


async def read_now(conn: Connection) -> datetime:
    """The database's time: replicas of this service may disagree about theirs."""
    row = await conn.fetch_one("SELECT UTC_TIMESTAMP(6) AS now")
    now = row["now"] if row else None
    if not isinstance(now, datetime):
        raise TypeError("the database did not tell the time")
    return now


class Head(NamedTuple):
    """Which database counts, and the newest number."""

    epoch: str
    version: int


async def read_head(conn: Connection) -> Head:
    """How far the changes have come."""
    row = await conn.fetch_one("SELECT epoch, version FROM change_counter WHERE id=1")
    if row is None:
        raise LookupError("change_counter has lost its row; the schema is not as migrations left it")
    return Head(row["epoch"], row["version"])


async def start_epoch(conn: Connection) -> None:
    """Say that numbers before mean nothing any more: after a restore of this database from a backup."""
    await conn.execute("UPDATE change_counter SET epoch=REPLACE(UUID(), '-', '') WHERE id=1")


async def read_feed(conn: Connection, after: int, limit: int) -> FeedPage:
    """Up to ``limit`` changes after a version, in order."""
    # The head is read first: whatever is at or below it is visible to the second statement.
    head = await read_head(conn)
    rows = await conn.fetch_all(
        "SELECT version, kind, subject, state FROM feed WHERE version > %s ORDER BY version LIMIT %s",
        (after, limit + 1),
    )
    changes = [
        Change(head.epoch, row["version"], row["kind"], row["subject"], msgspec.Raw(row["state"])) for row in rows
    ]
    return FeedPage(head.epoch, head.version, changes[:limit], has_more=len(changes) > limit)


async def find_changes(conn: Connection, subjects: list[tuple[Kind, str]]) -> list[Change]:
    """The newest state of some things, as the feed tells it."""
    changes = []
    for kind, subject in subjects:
        row = await conn.fetch_one(
            "SELECT c.epoch, f.version, f.state FROM feed f, change_counter c "
            "WHERE c.id=1 AND f.kind=%s AND f.subject=%s",
            (kind.value, subject),
        )
        if row is not None:
            changes.append(Change(row["epoch"], row["version"], kind.value, subject, msgspec.Raw(row["state"])))
    return changes
