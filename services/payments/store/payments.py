"""Rows of `payments`."""

from datetime import datetime

from florin.database import Database
from payments.domain.payment import Payment
from payments.store.encoding import decode_payment


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
    *,
    merchant_id: str,
    livemode: bool,
    limit: int,
    cursor: str | None = None,
    backwards: bool = False,
    status: str | None = None,
    currency: str | None = None,
    merchant_reference: str | None = None,
    created_from: datetime | None = None,
    created_before: datetime | None = None,
) -> list[Payment]:
    """A merchant's payments behind ``cursor`` (an id), newest first, or oldest first where ``backwards``."""
    where, params = ["merchant_id=%s", "livemode=%s"], [merchant_id, livemode]
    conditions = (
        ("id>%s" if backwards else "id<%s", cursor),
        ("status=%s", status),
        ("currency=%s", currency),
        ("merchant_reference=%s", merchant_reference),
        ("created_at>=%s", created_from),
        ("created_at<%s", created_before),
    )
    for condition, value in conditions:
        if value is not None:
            where.append(condition)
            params.append(value)
    direction = "ASC" if backwards else "DESC"
    async with database.connection() as conn:
        rows = await conn.fetch_all(
            f"SELECT body FROM payments WHERE {' AND '.join(where)} ORDER BY id {direction} LIMIT %s", (*params, limit)
        )
    return [decode_payment(row["body"]) for row in rows]
