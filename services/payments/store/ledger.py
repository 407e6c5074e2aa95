"""Reading the ledger: balances as sums of entries, and the proof that the whole of it holds together."""

from florin.database import Database, Row

_CHECKS = {
    "a decision's entries do not sum to zero": (
        "SELECT decision_id, payment_id, currency, SUM(amount_minor) AS sum_minor FROM ledger_entries "
        "GROUP BY decision_id, payment_id, currency HAVING sum_minor <> 0 LIMIT 100"
    ),
    "an entry belongs to no decision": (
        "SELECT l.decision_id, l.line, l.payment_id FROM ledger_entries l LEFT JOIN decisions d ON d.id=l.decision_id "
        "WHERE d.id IS NULL LIMIT 100"
    ),
    "an entry's merchant or mode is not its payment's": (
        "SELECT l.decision_id, l.line, l.payment_id FROM ledger_entries l LEFT JOIN payments p ON p.id=l.payment_id "
        "WHERE p.id IS NULL OR p.merchant_id<>l.merchant_id OR p.livemode<>l.livemode OR p.currency<>l.currency "
        "LIMIT 100"
    ),
    "captures of a payment are not what the ledger says": (
        "SELECT o.payment_id, o.captured_minor, l.ledger_minor FROM "
        "(SELECT payment_id, SUM(IF(verb='capture', amount_minor, -amount_minor)) AS captured_minor FROM operations "
        " WHERE state='succeeded' AND verb IN ('capture', 'refund') GROUP BY payment_id) o LEFT JOIN "
        "(SELECT payment_id, -SUM(amount_minor) AS ledger_minor FROM ledger_entries "
        " WHERE purpose IN ('merchant_payable', 'refund_reserve', 'dispute_reserve') GROUP BY payment_id) l "
        "ON l.payment_id=o.payment_id JOIN payments p ON p.id=o.payment_id "
        "WHERE NOT (o.captured_minor <=> COALESCE(l.ledger_minor, 0)) "
        "AND NOT EXISTS (SELECT 1 FROM decisions d WHERE d.payment_id=o.payment_id AND d.kind='dispute_lost') "
        "LIMIT 100"
    ),
    "a payment that can no longer be captured still holds money": (
        "SELECT l.payment_id, p.status, SUM(l.amount_minor) AS held_minor FROM ledger_entries l "
        "JOIN payments p ON p.id=l.payment_id WHERE l.purpose='authorized' "
        "AND p.status IN ('succeeded', 'partially_captured', 'canceled', 'expired', 'requires_payment_method') "
        "AND NOT EXISTS (SELECT 1 FROM operations o WHERE o.payment_id=p.id AND o.state IN ('sending', 'unknown')) "
        "GROUP BY l.payment_id, p.status HAVING held_minor <> 0 LIMIT 100"
    ),
}


async def balances(database: Database, *, merchant_id: str, livemode: bool) -> list[Row]:
    """Sums of a merchant's entries: ``currency``, ``purpose``, ``amount_minor`` (debits are positive)."""
    async with database.connection() as conn:
        return await conn.fetch_all(
            "SELECT currency, purpose, CAST(SUM(amount_minor) AS SIGNED) AS amount_minor FROM ledger_entries "
            "WHERE merchant_id=%s AND livemode=%s GROUP BY currency, purpose ORDER BY currency, purpose",
            (merchant_id, livemode),
        )


async def check(database: Database) -> list[tuple[str, Row]]:
    """Prove the whole ledger; each row that breaks a rule, with the rule's sentence. It reads every entry."""
    broken: list[tuple[str, Row]] = []
    async with database.connection(timeout_s=600.0) as conn:
        for sentence, sql in _CHECKS.items():
            broken += [(sentence, row) for row in await conn.fetch_all(sql)]
    return broken


async def count(database: Database) -> Row:
    """How much there was to check: ``entries`` and ``transactions``."""
    async with database.connection(timeout_s=600.0) as conn:
        row = await conn.fetch_one(
            "SELECT COUNT(*) AS entries, COUNT(DISTINCT decision_id) AS transactions FROM ledger_entries"
        )
    return row or {"entries": 0, "transactions": 0}


async def list_entries(database: Database, payment_id: str) -> list[Row]:
    """A payment's entries in the order they were posted."""
    async with database.connection() as conn:
        return await conn.fetch_all(
            "SELECT l.decision_id, l.line, l.connector, l.currency, l.purpose, l.amount_minor, l.operation_id, "
            "l.recorded_at FROM ledger_entries l JOIN decisions d ON d.id=l.decision_id WHERE l.payment_id=%s "
            "ORDER BY d.version, l.line",
            (payment_id,),
        )
