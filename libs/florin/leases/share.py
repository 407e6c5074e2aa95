"""A replica's part of a set of leases: what it holds is renewed in the background, and shared out evenly."""

import asyncio
import logging
import math
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress

from florin.database import Connection, Database, DatabaseUnavailable, TransactionRolledBack
from florin.leases.table import Lease, acquire, release, renew

_log = logging.getLogger(__name__)


class LeaseShare:
    """Holds leases for one holder among others of the same ``pool``.

    Each member announces itself by a lease of its own, so that everyone knows how many there are; nobody holds more
    than an even part. The owner calls `rebalance` between two pieces of work; renewal goes on by itself.
    """

    def __init__(self, db: Database, pool: str, names: Sequence[str], holder: str, *, ttl_s: float = 10.0) -> None:
        self._db = db
        self._pool = pool
        self._names = sorted(names)
        self._holder = holder
        self._ttl_s = ttl_s
        self._held: dict[str, Lease] = {}
        self._presence: Lease | None = None
        self._renewed_at = -math.inf
        self._balanced_at = -math.inf
        self._renewal: asyncio.Task[None] | None = None

    @property
    def held(self) -> dict[str, Lease]:
        """What is held, by name. Nothing once the last renewal is so old that all may have expired."""
        if self._held and time.monotonic() - self._renewed_at > self._ttl_s:
            _log.warning("leases of %s expired: the database did not answer for too long", self._pool)
            self._held.clear()
        return self._held

    def replace(self, lease: Lease) -> None:
        """Note the raised fence of a lease that is held."""
        self._held[lease.name] = lease

    def drop(self, names: Iterable[str]) -> None:
        """Note that leases were lost."""
        for name in names:
            self._held.pop(name, None)

    async def rebalance(self) -> None:
        """Take free leases up to an even part, give back what is more. Does nothing when called again too soon.

        Work on a lease that is given back must have ended: call it only between two pieces of work.
        """
        if time.monotonic() - self._balanced_at < self._ttl_s / 5:
            return
        async with self._db.connection() as conn:
            if self._presence is None:
                await self._join(conn)
            part = math.ceil(len(self._names) / max(1, await self._count_members(conn)))
            held = self.held
            if len(held) > part:
                await release(conn, [held.pop(name) for name in sorted(held)[part:]])
            elif len(held) < part:
                await self._acquire(conn, part - len(held))
        self._balanced_at = time.monotonic()
        if self._renewal is None:
            self._renewal = asyncio.create_task(self._renew_for_ever())

    async def close(self) -> None:
        """Stop renewing and let others have everything at once."""
        if self._renewal is not None:
            self._renewal.cancel()
            with suppress(asyncio.CancelledError):
                await self._renewal
        leases, self._held = [*self._held.values()], {}
        if self._presence is not None:
            leases.append(self._presence)
        try:
            async with self._db.connection() as conn:
                await release(conn, leases)
        except DatabaseUnavailable:
            _log.info("leases of %s could not be released; they expire by themselves", self._pool)

    async def _join(self, conn: Connection) -> None:
        await conn.execute(
            "DELETE FROM leases WHERE name BETWEEN %s AND %s AND expires_at < NOW(6) - INTERVAL 1 DAY",
            self._members(),
        )
        self._presence = (await acquire(conn, [f"{self._members()[0]}{self._holder}"], self._holder, self._ttl_s))[0]

    async def _count_members(self, conn: Connection) -> int:
        row = await conn.fetch_one(
            "SELECT COUNT(*) AS members FROM leases WHERE name BETWEEN %s AND %s AND expires_at > NOW(6)",
            self._members(),
        )
        return int(row["members"]) if row else 0

    def _members(self) -> tuple[str, str]:
        prefix = f"member:{self._pool}:"
        return prefix, f"{prefix}~"

    async def _acquire(self, conn: Connection, wanted: int) -> None:
        begun_at = time.monotonic()
        missing = [name for name in self._names if name not in self._held]
        for lease in await acquire(conn, missing, self._holder, self._ttl_s, limit=wanted):
            if not self._held:
                self._renewed_at = begun_at
            self._held[lease.name] = lease

    async def _renew_for_ever(self) -> None:
        while True:
            await asyncio.sleep(self._ttl_s / 3)
            with suppress(DatabaseUnavailable, TransactionRolledBack):
                await self._renew()

    async def _renew(self) -> None:
        begun_at = time.monotonic()
        leases = list(self._held.values())
        async with self._db.connection() as conn:
            if self._presence is not None:
                await renew(conn, [self._presence], self._ttl_s)
            kept = {lease.name for lease in await renew(conn, leases, self._ttl_s)}
        lost = [lease.name for lease in leases if lease.name not in kept]
        if lost:
            _log.warning("leases lost to others: %s", ", ".join(lost))
            self.drop(lost)
        self._renewed_at = begun_at
