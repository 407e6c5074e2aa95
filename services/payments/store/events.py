"""Published and unpublished events of a merchant, from the outbox: the memory behind `GET /v1/events`."""

from florin.contracts.events import Event, decode_event
from florin.database import Database
from florin.errors import NotFound


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
    """Events behind ``cursor`` (an event's id), newest first, or oldest first where ``backwards``.

    Raises NotFound where the merchant has no such event (any more): nothing can be said to be behind it.
    """
    where: list[str] = ["merchant_id=%s", "livemode=%s"]
    params: list[object] = [merchant_id, livemode]
    if cursor is not None:
        if not await find_event(database, merchant_id=merchant_id, livemode=livemode, event_id=cursor):
            raise NotFound(
                f"No event has the id {cursor[:80]!r}.", param="ending_before" if backwards else "starting_after"
            )
        where.append(f"seq {'>' if backwards else '<'} (SELECT seq FROM outbox WHERE event_id=%s)")
        params.append(cursor)
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
