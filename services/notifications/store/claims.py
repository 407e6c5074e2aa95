"""Who attempts what: claims of deliveries that are due, on the database's time.

A claim moves ``next_attempt_at`` to the end of the claimer's lease, so a delivery whose claimer died falls due again
by itself. Every replica claims for itself; SKIP LOCKED keeps them from waiting for each other.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from florin.database import Connection, Row, literal
from notifications.domain.delivery import Claim, Message
from notifications.domain.endpoint import Endpoint
from notifications.domain.outcome import Failure

_MESSAGE_COLUMNS = "id, livemode, merchant_id, event_type, aggregate_id, body, traceparent, occurred_at"

# Grouping by the first columns of the index lets the server jump from endpoint to endpoint (a loose index scan): the
# cost is that of the endpoints with pending deliveries, however many deliveries wait for a dead one.
_DUE = """
SELECT e.id FROM (
    SELECT endpoint_id, MIN(next_attempt_at) AS due_at FROM deliveries FORCE INDEX (due)
    WHERE state='pending' GROUP BY state, endpoint_id
) d JOIN endpoints e ON e.id = d.endpoint_id
WHERE d.due_at <= UTC_TIMESTAMP(6) AND e.state='active'
  AND (e.blocked_until IS NULL OR e.blocked_until <= UTC_TIMESTAMP(6))
"""
_CANDIDATES = """
(SELECT d.id FROM deliveries d FORCE INDEX (due)
 WHERE d.state='pending' AND d.endpoint_id={endpoint} AND d.next_attempt_at <= UTC_TIMESTAMP(6){order}
 ORDER BY d.next_attempt_at, d.id LIMIT {limit})
"""
# Strict order of one payment: nothing is due before everything earlier of the same payment is finished.
_ORDER = """
 AND NOT EXISTS (SELECT 1 FROM deliveries earlier FORCE INDEX (aggregate)
  WHERE earlier.aggregate_id=d.aggregate_id AND earlier.endpoint_id=d.endpoint_id AND earlier.state='pending'
  AND (earlier.sequence < d.sequence OR (earlier.sequence = d.sequence AND earlier.n < d.n)))
"""


async def due_endpoints(conn: Connection) -> list[str]:
    """Ids of endpoints that may be sent to now and have something due."""
    return [row["id"] for row in await conn.fetch_all(_DUE)]


async def count_pending(conn: Connection, *, limit: int) -> int:
    """How many deliveries are not finished; counted up to ``limit``."""
    row = await conn.fetch_one(
        "SELECT COUNT(*) AS pending FROM (SELECT 1 FROM deliveries FORCE INDEX (due) WHERE state='pending' LIMIT %s) p",
        (limit,),
    )
    return int(row["pending"]) if row else 0


async def oldest_due(conn: Connection, endpoints: Sequence[Endpoint]) -> float:
    """For how long, in seconds, the delivery waits that could be attempted the longest; 0 where none could."""
    ids = await find_candidates(conn, [(endpoint, 1) for endpoint in endpoints])
    row = await conn.fetch_one(
        "SELECT TIMESTAMPDIFF(MICROSECOND, MIN(next_attempt_at), UTC_TIMESTAMP(6)) / 1e6 AS age_s "
        "FROM deliveries WHERE id IN %s AND state='pending'",
        (ids or [""],),
    )
    return max(0.0, float((row and row["age_s"]) or 0))


async def find_candidates(conn: Connection, rooms: Sequence[tuple[Endpoint, int]]) -> list[str]:
    """Ids of deliveries that are due: for each endpoint as many as it has room for, the longest due first."""
    parts = [
        _CANDIDATES.format(endpoint=literal(endpoint.id), limit=int(room), order=_ORDER if endpoint.ordered else "")
        for endpoint, room in rooms
    ]
    rows = await conn.fetch_all(" UNION ALL ".join(parts)) if parts else []
    return [row["id"] for row in rows]


async def claim_deliveries(conn: Connection, ids: Sequence[str], holder: str, lease_s: int) -> list[Row]:
    """Claim those of ``ids`` that are still due, in the caller's transaction; their rows as they are now.

    An attempt that was under way when its process died is recorded as interrupted.
    """
    rows = await conn.fetch_all(
        "SELECT id, livemode, endpoint_id, message_id, attempts, attempts_before, claimed_by, next_attempt_at "
        "FROM deliveries WHERE id IN %s AND state='pending' AND next_attempt_at <= UTC_TIMESTAMP(6) "
        "ORDER BY id FOR UPDATE SKIP LOCKED",
        (sorted(ids),),
    )
    if not rows:
        return []
    await conn.insert_rows(
        "attempts",
        ("delivery_id", "number", "livemode", "started_at", "failure", "detail", "url", "request_headers", "excerpt"),
        [
            (
                row["id"],
                row["attempts"],
                row["livemode"],
                row["next_attempt_at"],
                Failure.INTERRUPTED,
                _LOST,
                "",
                "{}",
                b"",
            )
            for row in rows
            if row["claimed_by"] is not None
        ],
        ignore=True,
    )
    await conn.execute(
        "UPDATE deliveries SET attempts=attempts+1, claimed_by=%s, "
        "next_attempt_at=UTC_TIMESTAMP(6) + INTERVAL %s SECOND WHERE id IN %s",
        (holder, lease_s, [row["id"] for row in rows]),
    )
    return rows


_LOST = "The process that made this attempt ended before its outcome was recorded; the receiver may have got it."


async def load_claims(conn: Connection, rows: Sequence[Row]) -> list[Claim]:
    """Claimed rows with their messages."""
    messages = await find_messages(conn, sorted({row["message_id"] for row in rows}))
    return [
        Claim(
            delivery_id=row["id"],
            endpoint_id=row["endpoint_id"],
            message=messages[row["message_id"]],
            attempt=row["attempts"] + 1,
            attempts_before=row["attempts_before"],
        )
        for row in rows
    ]


async def find_messages(conn: Connection, ids: Sequence[str]) -> Mapping[str, Message]:
    """Messages by id."""
    if not ids:
        return {}
    rows = await conn.fetch_all(f"SELECT {_MESSAGE_COLUMNS} FROM messages WHERE id IN %s AND livemode IN (0,1)", (ids,))
    return {row["id"]: _message(row) for row in rows}


def _message(row: dict[str, Any]) -> Message:
    return Message(**{**row, "livemode": bool(row["livemode"])})


async def release_claims(conn: Connection, claims: Sequence[Claim]) -> None:
    """Give back claims that were never attempted: they are due at once, for anybody."""
    for claim in sorted(claims, key=lambda each: each.delivery_id):
        await conn.execute(
            "UPDATE deliveries SET attempts=attempts-1, claimed_by=NULL, next_attempt_at=UTC_TIMESTAMP(6) "
            "WHERE id=%s AND attempts=%s AND state='pending'",
            (claim.delivery_id, claim.attempt),
        )
