"""Statements on table ``inbox``: what a group has handled."""

from collections.abc import Collection
from datetime import timedelta

from florin.database import Connection, literal


async def find_seen(conn: Connection, group: str, event_ids: Collection[str]) -> set[str]:
    """Those of the events that the group has handled."""
    rows = await conn.fetch_all(
        "SELECT event_id FROM inbox WHERE consumer = %s AND event_id IN %s", (group, list(event_ids))
    )
    return {row["event_id"] for row in rows}


async def record_seen(conn: Connection, group: str, event_ids: Collection[str]) -> None:
    """Note that the group handles these events, in this transaction. Raises DuplicateKey where it has before."""
    # Sorted, so that two transactions that meet wait for one another instead of blocking each other.
    values = ",".join(f"({literal(group)},{literal(event_id)},NOW(6))" for event_id in sorted(event_ids))
    await conn.execute(f"INSERT INTO inbox (consumer, event_id, created_at) VALUES {values}")


async def purge_inbox(conn: Connection, *, retention: timedelta, limit: int) -> int:
    """Delete up to ``limit`` rows older than ``retention``; how many there were."""
    return await conn.execute(
        "DELETE FROM inbox WHERE created_at < NOW(6) - INTERVAL %s SECOND ORDER BY created_at LIMIT %s",
        (int(retention.total_seconds()), limit),
    )
