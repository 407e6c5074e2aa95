"""Published and unpublished events of a merchant, from the outbox: the memory behind `GET /v1/events`."""

from florin.contracts.events import Event, decode_event
from florin.database import Database


async def list_events(
    database: Database,
    *,
    merchant_id: str,
    livemode: bool,
    limit: int,
    cursor: str | None = None,
    backwards: bool = False,
    type: str | None = None,
    payment_id: str | None = None,
) -> list[Event]:
    """Events behind ``cursor`` (an event's id), newest first, or oldest first where ``backwards``."""
    where: list[str] = ["merchant_id=%s", "livemode=%s"]
    params: list[object] = [merchant_id, livemode]
    if cursor is not None:
        side = ">" if backwards else "<"
        where.append(f"seq {side} (SELECT seq FROM outbox WHERE event_id=%s AND merchant_id=%s)")
        params += [cursor, merchant_id]
    for condition, value in (("type=%s", type), ("aggregate_id=%s", payment_id)):
        if value is not None:
            where.append(condition)
            params.append(value)
    direction = "ASC" if backwards else "DESC"
    async with database.connection() as conn:
        rows = await conn.fetch_all(
            f"SELECT payload FROM outbox WHERE {' AND '.join(where)} ORDER BY seq {direction} LIMIT %s",
            (*params, limit),
        )
    return [decode_event(row["payload"]) for row in rows]


async def find_event(database: Database, *, merchant_id: str, livemode: bool, event_id: str) -> Event | None:
    """One event of a merchant."""
    async with database.connection() as conn:
        row = await conn.fetch_one(
            "SELECT payload FROM outbox WHERE event_id=%s AND merchant_id=%s AND livemode=%s",
            (event_id, merchant_id, livemode),
        )
    return decode_event(row["payload"]) if row else None
