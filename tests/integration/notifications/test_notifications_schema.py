"""What the tables of notifications promise."""

from florin.database import Database


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
