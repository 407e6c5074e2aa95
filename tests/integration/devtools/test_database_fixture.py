"""The fixture that gives each test a schema of its own."""

from tests.conftest import DatabaseFactory


async def test_each_database_is_fresh(database_factory: DatabaseFactory) -> None:
    one, two = await database_factory([]), await database_factory([])
    async with one.connection() as first, two.connection() as second:
        names = [(await c.fetch_one("SELECT DATABASE() AS name") or {})["name"] for c in (first, second)]
    assert names[0] != names[1]
