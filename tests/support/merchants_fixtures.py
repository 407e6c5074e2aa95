"""The fixture `merchants_service`, for the conftest files of those who need it."""

import secrets
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.support.merchants import MerchantsService, running_merchants, settings_for, write_key_file
from tests.support.servers import MariaDBServer


@pytest.fixture
async def merchants_service(mariadb: MariaDBServer, redis_url: str, tmp_path: Path) -> AsyncIterator[MerchantsService]:
    """A merchants service on a fresh schema and an empty Redis."""
    name = f"t_{secrets.token_hex(8)}"
    mariadb.create_database(name)
    try:
        async with running_merchants(settings_for(mariadb.url(name), redis_url, write_key_file(tmp_path))) as service:
            yield service
    finally:
        mariadb.drop_database(name)
