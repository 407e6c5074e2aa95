"""What a schema is after its migrations, as text to compare and to check in."""

import re
from collections.abc import Sequence

from florin.database import Database


async def dump_schema(db: Database, tables: Sequence[str] | None = None) -> str:
    """The statements that make these tables (by default all), in the order of their names."""
    async with db.connection() as conn:
        if tables is None:
            rows = await conn.fetch_all(
                "SELECT TABLE_NAME AS name FROM information_schema.TABLES WHERE TABLE_SCHEMA=DATABASE()"
            )
            tables = [row["name"] for row in rows if row["name"] != "schema_migrations"]
        statements = []
        for table in sorted(tables):
            row = await conn.fetch_one(f"SHOW CREATE TABLE `{table}`")
            assert row is not None
            statements.append(re.sub(r" AUTO_INCREMENT=\d+", "", row["Create Table"]))
    return "\n".join(f"{statement};\n" for statement in statements)
