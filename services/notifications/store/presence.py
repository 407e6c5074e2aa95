"""Which processes that claim deliveries are alive: a lease each, ``dispatcher:{holder}``, in table `leases`."""

from florin.database import Connection

_PREFIX = "dispatcher:"


async def show_presence(conn: Connection, holder: str, ttl_s: int) -> None:
    """Say that a process is alive for the next ``ttl_s`` seconds."""
    await conn.execute(
        "INSERT INTO leases (name, holder, fence, expires_at) VALUES (%s, %s, 1, NOW(6) + INTERVAL %s SECOND) "
        "ON DUPLICATE KEY UPDATE expires_at=VALUES(expires_at)",
        (_PREFIX + holder, holder, ttl_s),
    )


async def end_presence(conn: Connection, holder: str) -> None:
    """Say that a process claims nothing any more."""
    await conn.execute("DELETE FROM leases WHERE name=%s", (_PREFIX + holder,))


async def free_claims_of_the_dead(conn: Connection) -> int:
    """Make what silent processes had claimed due at once, in the caller's transaction; how many deliveries that is.

    A process that was only slow may attempt one of them as well: receivers tell repeats apart by ``webhook-id``.
    """
    dead = await conn.fetch_all(
        "SELECT name, holder FROM leases WHERE name LIKE %s AND expires_at <= NOW(6) ORDER BY name "
        "FOR UPDATE SKIP LOCKED",
        (_PREFIX + "%",),
    )
    freed = 0
    for row in dead:
        freed += await conn.execute(
            "UPDATE deliveries SET next_attempt_at=NOW(6) WHERE state='pending' AND claimed_by=%s "
            "AND next_attempt_at > NOW(6)",
            (row["holder"],),
        )
        await conn.execute("DELETE FROM leases WHERE name=%s", (row["name"],))
    return freed
