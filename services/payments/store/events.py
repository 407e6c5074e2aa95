"""Published and unpublished events of a merchant, from the outbox: the memory behind `GET /v1/events`."""

from florin.contracts.events import Event, decode_event
from florin.database import Database
from florin.errors import NotFound
from payments.store.window import Window, all_of


async def list_events(
    database: Database, window: Window, *, type: str | None = None, payment_id: str | None = None
) -> list[Event]:
    """A merchant's events. Raises NotFound where the cursor is none of them (any more): nothing can be behind it."""
    merchant_id, livemode, cursor = window.merchant_id, window.livemode, window.cursor
    if cursor is not None and not await find_event(
        database, merchant_id=merchant_id, livemode=livemode, event_id=cursor
    ):
        param = "ending_before" if window.backwards else "starting_after"
        raise NotFound(f"No event has the id {cursor[:80]!r}.", param=param)
    where, values = all_of(
        {
            "merchant_id=%s": merchant_id,
            "livemode=%s": livemode,
            f"seq{window.behind}(SELECT seq FROM outbox WHERE event_id=%s)": cursor,
            "type=%s": type,
            "aggregate_id=%s": payment_id,
        }
    )
    async with database.connection() as conn:
        rows = await conn.fetch_all(
            f"SELECT payload FROM outbox WHERE {where} ORDER BY seq {window.direction} LIMIT %s",
            (*values, window.limit),
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
