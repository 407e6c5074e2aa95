"""The statements of docs/guides/change-a-table.md, on a database with payments in it."""

import re
import shutil
from datetime import UTC, datetime
from pathlib import Path

from tests.conftest import DatabaseFactory

from florin.database import migrate
from payments import main

GUIDE = Path(__file__).parents[3] / "docs/guides/change-a-table.md"
_COLUMNS = (
    *("id", "livemode", "merchant_id", "version", "config_version", "status"),
    *("amount_minor", "currency", "created_at", "body"),
)
_NOW = datetime.now(UTC)


async def test_the_example_runs_online_and_fills_every_row(database_factory: DatabaseFactory, tmp_path: Path) -> None:
    own, *of_libraries = main.MIGRATIONS
    folder = tmp_path / "payments" / "migrations"
    shutil.copytree(own, folder)
    database = await database_factory([folder, *of_libraries])
    bodies = {f"pay_{n}": f'{{"card":{{"last4":"{n:04d}"}}}}'.encode() for n in range(1200)} | {"pay_none": b"{}"}
    async with database.connection() as conn:
        rows = [(name, False, "m", 1, 1, "succeeded", 1, "EUR", _NOW, body) for name, body in bodies.items()]
        await conn.insert_rows("payments", _COLUMNS, rows)
    statements = re.findall(r"^```sql\n(.*?)^```", GUIDE.read_text(), re.M | re.S)
    column, key, fill, filling, contract = statements
    number = len(list(folder.iterdir()))
    for place, statement in enumerate((column, key, filling, fill, contract), start=number + 1):
        (folder / f"{place:04d}_step.sql").write_text(statement)
    assert await migrate(database, [folder, *of_libraries]) == len(statements)
    async with database.connection() as conn:
        filled = await conn.fetch_all("SELECT id, card_last4 FROM payments")
    assert {row["id"]: row["card_last4"] for row in filled} == {
        payment_id: "" if payment_id == "pay_none" else f"{int(payment_id[4:]):04d}" for payment_id in bodies
    }
