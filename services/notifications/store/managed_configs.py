"""Table ``managed_configs``: which configuration a merchant's endpoints are in step with."""

from florin.database import Connection


async def applied_version(conn: Connection, merchant_id: str) -> int:
    """The version that is applied; 0: none."""
    row = await conn.fetch_one("SELECT config_version FROM managed_configs WHERE merchant_id=%s", (merchant_id,))
    return int(row["config_version"]) if row else 0


async def lock_applied_version(conn: Connection, merchant_id: str) -> int:
    """The same, while everybody else who would apply one waits for the caller's transaction."""
    await conn.insert_rows("managed_configs", ("merchant_id", "config_version"), [(merchant_id, 0)], ignore=True)
    row = await conn.fetch_one(
        "SELECT config_version FROM managed_configs WHERE merchant_id=%s FOR UPDATE", (merchant_id,)
    )
    return int(row["config_version"]) if row else 0


async def set_applied_version(conn: Connection, merchant_id: str, version: int) -> None:
    """Note a version as applied."""
    await conn.execute("UPDATE managed_configs SET config_version=%s WHERE merchant_id=%s", (version, merchant_id))
