import pytest
from tests.support.schemas import replay, schema_file, services
from tests.support.servers import MariaDBServer


@pytest.mark.parametrize("service", services())
async def test_the_checked_in_schema_equals_the_migrations(mariadb: MariaDBServer, service: str):
    file = schema_file(service)
    assert file.exists(), "write it with ./dev generate"
    assert file.read_text() == await replay(mariadb, service), "write it anew with ./dev generate"
