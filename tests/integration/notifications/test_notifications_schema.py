from pathlib import Path

from tests.support.schema import dump_schema

import notifications
from florin.database import Database

SCHEMA = Path(notifications.__file__).with_name("schema.sql")


async def test_the_checked_in_schema_is_what_the_migrations_make(db: Database) -> None:
    assert await dump_schema(db) == SCHEMA.read_text()


async def test_every_unique_key_of_merchants_data_tells_the_mode(db: Database) -> None:
    """By a column, or by an id that begins with the mode."""
    async with db.connection() as conn:
        rows = await conn.fetch_all(
            "SELECT TABLE_NAME AS name, INDEX_NAME AS index_name, GROUP_CONCAT(COLUMN_NAME) AS columns "
            "FROM information_schema.STATISTICS WHERE TABLE_SCHEMA=DATABASE() AND NON_UNIQUE=0 "
            "AND TABLE_NAME IN ('endpoints','messages','deliveries','attempts','replays') "
            "GROUP BY TABLE_NAME, INDEX_NAME"
        )
    for row in rows:
        columns = set(row["columns"].split(","))
        assert "livemode" in columns or columns & {"id", "delivery_id"}, row
