"""Refunds as merchants list them: rows of `operations`, with the payment that each belongs to."""

from florin.database import Database
from payments.domain.payment import Payment, Verb
from payments.store.encoding import decode_payment
from payments.store.window import Window, all_of


async def list_refunds(
    database: Database, window: Window, *, payment_id: str | None = None
) -> list[tuple[str, Payment]]:
    """Ids of refunds, each with its payment."""
    where, values = all_of(
        {
            "o.merchant_id=%s": window.merchant_id,
            "o.livemode=%s": window.livemode,
            "o.verb=%s": Verb.REFUND,
            "o.repairing=%s": False,
            f"o.id{window.behind}%s": window.cursor,
            "o.payment_id=%s": payment_id,
        }
    )
    async with database.connection() as conn:
        rows = await conn.fetch_all(
            "SELECT o.id, p.body FROM operations o JOIN payments p ON p.id=o.payment_id "
            f"WHERE {where} ORDER BY o.id {window.direction} LIMIT %s",
            (*values, window.limit),
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
