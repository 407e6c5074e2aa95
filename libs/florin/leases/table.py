"""Statements on table ``leases``. All time is the database's; sessions are pinned to UTC."""

import os
import socket
from collections.abc import Collection, Sequence

from msgspec import Struct

from florin.database import Connection


class Lease(Struct, frozen=True):
    """The right to do what ``name`` stands for, until it expires or another holder's fence is higher."""

    name: str
    holder: str
    fence: int


class LeaseLost(Exception):
    """Another holder may be at work: what was under way must not be committed."""

    def __init__(self, names: Collection[str]) -> None:
        super().__init__(f"lost: {', '.join(sorted(names))}")
        self.names = frozenset(names)


def new_holder() -> str:
    """A name that no other process has, nor this one after a restart."""
    return f"{socket.gethostname()[:32]}-{os.getpid()}-{os.urandom(4).hex()}"


def _microseconds(ttl_s: float) -> int:
    return int(ttl_s * 1_000_000)


async def acquire(
    conn: Connection, names: Sequence[str], holder: str, ttl_s: float, *, limit: int | None = None
) -> list[Lease]:
    """Take those of ``names`` that are free, up to ``limit``, each with a higher fence than ever before.

    ``names`` must not be held by the caller already; a name that is, by an answer that got lost, is taken again.
    """
    if not names:
        return []
    free = "(expires_at <= NOW(6) OR holder = %s)"
    # A plain read first: an UPDATE would wait for rows that their holders lock while they commit.
    rows = await conn.fetch_all(f"SELECT name, {free} AS free FROM leases WHERE name IN %s", (holder, names))
    missing = set(names) - {row["name"] for row in rows}
    if missing:
        unheld = [(name, "", 0) for name in sorted(missing)]
        await conn.insert_rows("leases", ("name", "holder", "fence"), unheld, ignore=True)
    wanted = sorted(missing | {row["name"] for row in rows if row["free"]})[:limit]
    if not wanted:
        return []
    await conn.execute(
        "UPDATE leases SET holder = %s, fence = fence + 1, expires_at = NOW(6) + INTERVAL %s MICROSECOND"
        f" WHERE name IN %s AND {free}",
        (holder, _microseconds(ttl_s), wanted, holder),
    )
    return await find_held(conn, wanted, holder)


async def find_held(conn: Connection, names: Sequence[str], holder: str) -> list[Lease]:
    """Those of ``names`` that the holder has."""
    rows = await conn.fetch_all("SELECT name, fence FROM leases WHERE name IN %s AND holder = %s", (names, holder))
    return [Lease(row["name"], holder, row["fence"]) for row in rows]


async def renew(conn: Connection, leases: Sequence[Lease], ttl_s: float) -> list[Lease]:
    """Keep leases that are still the holder's, expired or not; those that were kept."""
    if not leases:
        return []
    names, holder = sorted(lease.name for lease in leases), leases[0].holder
    await conn.execute(
        "UPDATE leases SET expires_at = NOW(6) + INTERVAL %s MICROSECOND WHERE name IN %s AND holder = %s",
        (_microseconds(ttl_s), names, holder),
    )
    held = {lease.name: lease.fence for lease in await find_held(conn, names, holder)}
    return [lease for lease in leases if held.get(lease.name, -1) >= lease.fence]


async def release(conn: Connection, leases: Sequence[Lease]) -> None:
    """Let others have them at once."""
    if leases:
        await conn.execute(
            "UPDATE leases SET holder = '', expires_at = NOW(6) WHERE name IN %s AND holder = %s",
            (sorted(lease.name for lease in leases), leases[0].holder),
        )


async def confirm(conn: Connection, leases: Collection[Lease]) -> None:
    """Lock the leases against a new holder until the transaction ends. Raises LeaseLost where there is one already.

    Call it last before the COMMIT: the rows then are locked for the time of one flush.
    """
    if not leases:
        return
    rows = await conn.fetch_all(
        "SELECT name, holder, fence FROM leases WHERE name IN %s LOCK IN SHARE MODE",
        (sorted(lease.name for lease in leases),),
    )
    lost = set(leases) - {Lease(row["name"], row["holder"], row["fence"]) for row in rows}
    if lost:
        raise LeaseLost({lease.name for lease in lost})


async def raise_fence(conn: Connection, lease: Lease, above: int) -> Lease:
    """The same lease under a fence higher than its own and than ``above``. Raises LeaseLost."""
    fence = max(lease.fence, above) + 1
    changed = await conn.execute(
        "UPDATE leases SET fence = %s WHERE name = %s AND holder = %s AND fence = %s",
        (fence, lease.name, lease.holder, lease.fence),
    )
    if changed != 1:
        raise LeaseLost({lease.name})
    return Lease(lease.name, lease.holder, fence)
