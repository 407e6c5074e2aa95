"""Rows of `operations`: what is owed an answer, and refunds as merchants list them."""

from collections.abc import Sequence

from florin.database import Connection, Database, Row


async def claim_due(
    conn: Connection, schedule_s: Sequence[int], limit: int, *, passing: Sequence[str] = ()
) -> list[Row]:
    """Take up to ``limit`` operations that are due to be asked about; each one's next question moves on by schedule.

    Those of the connectors ``passing`` are left, and rows that another replica is claiming are skipped. Call it in a
    transaction.
    """
    others, params = (" AND connector NOT IN %s", (list(passing), limit)) if passing else ("", (limit,))
    due = await conn.fetch_all(
        f"SELECT id, payment_id, connector, asked FROM operations WHERE ask_at <= NOW(6){others} ORDER BY ask_at "
        "LIMIT %s FOR UPDATE SKIP LOCKED",
        params,
    )
    for row in due:
        pause_s = schedule_s[min(row["asked"], len(schedule_s) - 1)]
        await conn.execute(
            "UPDATE operations SET asked=asked+1, ask_at=NOW(6) + INTERVAL %s SECOND WHERE id=%s", (pause_s, row["id"])
        )
    return due


async def count_unanswered(conn: Connection) -> list[Row]:
    """What was asked about and is not known yet: ``connector``, ``operations``, ``age_s`` of the oldest."""
    return await conn.fetch_all(
        "SELECT connector, COUNT(*) AS operations, TIMESTAMPDIFF(MICROSECOND, MIN(created_at), NOW(6)) / 1e6 AS age_s "
        "FROM operations WHERE ask_at IS NOT NULL AND asked > 0 GROUP BY connector"
    )


async def clear_question(database: Database, operation_id: str) -> None:
    """Nothing is owed for this operation any more."""
    async with database.connection() as conn:
        await conn.execute("UPDATE operations SET ask_at=NULL WHERE id=%s", (operation_id,))


async def find_by_reference(conn: Connection, connector: str, reference: str) -> Row | None:
    """The operation that an acquirer knows by our reference: ``id``, ``payment_id``, ``merchant_id``, ``livemode``."""
    return await conn.fetch_one(
        "SELECT id, payment_id, merchant_id, livemode FROM operations WHERE connector=%s AND reference=%s "
        "ORDER BY verb='capture' DESC LIMIT 1",
        (connector, reference),
    )
