"""Everything that is recorded of a payment here, in the order it happened."""

from florin.database import Database, Row


async def list_decisions(database: Database, payment_id: str) -> list[Row]:
    """A payment's decisions: ``id, version, kind, status, actor, detail, occurred_at, recorded_at``."""
    async with database.connection() as conn:
        return await conn.fetch_all(
            "SELECT id, version, kind, status, actor, detail, occurred_at, recorded_at FROM decisions "
            "WHERE payment_id=%s ORDER BY version",
            (payment_id,),
        )


async def list_operations(database: Database, payment_id: str) -> list[Row]:
    """A payment's operations at acquirers, with how often each was asked about."""
    async with database.connection() as conn:
        return await conn.fetch_all(
            "SELECT id, verb, state, repairing, amount_minor, currency, connector, reference, created_at, finished_at, "
            "ask_at, asked FROM operations WHERE payment_id=%s ORDER BY created_at, id",
            (payment_id,),
        )
