"""Refunds as merchants list them: rows of `operations`, with the payment that each belongs to."""

from florin.database import Database
from payments.domain.payment import Payment, Verb
from payments.store.encoding import decode_payment


async def list_refunds(
    database: Database,
    *,
    merchant_id: str,
    livemode: bool,
    limit: int,
    cursor: str | None = None,
    backwards: bool = False,
    payment_id: str | None = None,
) -> list[tuple[str, Payment]]:
    """Ids of refunds behind ``cursor``, each with its payment; newest first, or oldest first where ``backwards``."""
    where = ["o.merchant_id=%s", "o.livemode=%s", "o.verb=%s", "o.repairing=0"]
    params: list[object] = [merchant_id, livemode, Verb.REFUND]
    for condition, value in (("o.id>%s" if backwards else "o.id<%s", cursor), ("o.payment_id=%s", payment_id)):
        if value is not None:
            where.append(condition)
            params.append(value)
    direction = "ASC" if backwards else "DESC"
    async with database.connection() as conn:
        rows = await conn.fetch_all(
            "SELECT o.id, p.body FROM operations o JOIN payments p ON p.id=o.payment_id "
            f"WHERE {' AND '.join(where)} ORDER BY o.id {direction} LIMIT %s",
            (*params, limit),
        )
    return [(row["id"], decode_payment(row["body"])) for row in rows]


async def find_refund(
    database: Database, *, merchant_id: str, livemode: bool, refund_id: str
) -> tuple[str, Payment] | None:
    """A refund's id with its payment."""
    async with database.connection() as conn:
        row = await conn.fetch_one(
            "SELECT o.id, p.body FROM operations o JOIN payments p ON p.id=o.payment_id "
            "WHERE o.id=%s AND o.merchant_id=%s AND o.livemode=%s AND o.verb=%s AND o.repairing=0",
            (refund_id, merchant_id, livemode, Verb.REFUND),
        )
    return (row["id"], decode_payment(row["body"])) if row else None
