"""Rows of `callbacks`."""

from florin.database import Connection, Database, Row


async def store_callback(database: Database, connector: str, callback_id: str, reference: str, body: bytes) -> bool:
    """Keep a verified callback; False where it is here already."""
    async with database.connection() as conn:
        stored = await conn.execute(
            "INSERT IGNORE INTO callbacks (connector, callback_id, reference, body, apply_at) "
            "VALUES (%s, %s, %s, %s, NOW(6))",
            (connector, callback_id, reference, body),
        )
    return stored == 1


async def claim_callbacks(conn: Connection, limit: int) -> list[Row]:
    """Take up to ``limit`` callbacks that are due; one that is not closed comes back later, each time later."""
    due = await conn.fetch_all(
        "SELECT connector, callback_id, body, tries FROM callbacks WHERE apply_at <= NOW(6) ORDER BY apply_at LIMIT %s "
        "FOR UPDATE SKIP LOCKED",
        (limit,),
    )
    for row in due:
        await conn.execute(
            "UPDATE callbacks SET tries=tries+1, apply_at=NOW(6) + INTERVAL %s SECOND "
            "WHERE connector=%s AND callback_id=%s",
            (min(2 ** row["tries"], 3600), row["connector"], row["callback_id"]),
        )
    return due


async def close_callback(
    database: Database, connector: str, callback_id: str, result: str, payment_id: str | None
) -> None:
    """Nothing more is to be done for a callback; ``result`` says what came of it."""
    async with database.connection() as conn:
        await conn.execute(
            "UPDATE callbacks SET apply_at=NULL, result=%s, payment_id=%s WHERE connector=%s AND callback_id=%s",
            (result[:255], payment_id, connector, callback_id),
        )


async def oldest_owed(conn: Connection) -> float:
    """How long, in seconds, the oldest callback waits that was stored and not applied; 0 where none does."""
    row = await conn.fetch_one(
        "SELECT TIMESTAMPDIFF(MICROSECOND, MIN(received_at), NOW(6)) / 1e6 AS age_s FROM callbacks "
        "WHERE apply_at IS NOT NULL"
    )
    return float((row and row["age_s"]) or 0)


async def list_callbacks(database: Database, payment_id: str) -> list[Row]:
    """A payment's callbacks, in the order they came."""
    async with database.connection() as conn:
        return await conn.fetch_all(
            "SELECT connector, callback_id, reference, result, received_at FROM callbacks WHERE payment_id=%s "
            "ORDER BY received_at",
            (payment_id,),
        )
