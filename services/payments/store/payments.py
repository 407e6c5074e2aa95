"""Rows of `payments`."""

from datetime import datetime

from florin.database import Database
from payments.domain.payment import Payment
from payments.store.encoding import decode_payment
from payments.store.window import Window, all_of


async def find_payment(database: Database, payment_id: str) -> Payment | None:
    """The payment with this id."""
    async with database.connection() as conn:
        row = await conn.fetch_one("SELECT body FROM payments WHERE id=%s", (payment_id,))
    return decode_payment(row["body"]) if row else None


async def list_expired(database: Database, limit: int, *, after: str = "") -> list[str]:
    """Ids of payments whose authorisation is past its time, in their order; those behind the id ``after``."""
    async with database.connection() as conn:
        rows = await conn.fetch_all(
            "SELECT id FROM payments WHERE expires_at <= NOW(6) AND id > %s ORDER BY id LIMIT %s", (after, limit)
        )
    return [row["id"] for row in rows]


async def list_payments(
    database: Database,
    window: Window,
    *,
    status: str | None = None,
    currency: str | None = None,
    merchant_reference: str | None = None,
    created_from: datetime | None = None,
    created_before: datetime | None = None,
) -> list[Payment]:
    """A merchant's payments."""
    where, values = all_of(
        {
            "merchant_id=%s": window.merchant_id,
            "livemode=%s": window.livemode,
            f"id{window.behind}%s": window.cursor,
            "status=%s": status,
            "currency=%s": currency,
            "merchant_reference=%s": merchant_reference,
            "created_at>=%s": created_from,
            "created_at<%s": created_before,
        }
    )
    async with database.connection() as conn:
        rows = await conn.fetch_all(
            f"SELECT body FROM payments WHERE {where} ORDER BY id {window.direction} LIMIT %s", (*values, window.limit)
        )
    return [decode_payment(row["body"]) for row in rows]
