"""One running platform for all tests of a session that leave it whole, and shops on it."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from tests.support.platform import Platform, Shop, open_shop
from tests.support.servers import MariaDBServer, running_redis


@pytest.fixture(scope="session")
def platform(
    mariadb: MariaDBServer, server_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Platform]:
    with running_redis(server_folder) as redis:  # a Redis of its own: other tests flush theirs
        platform = Platform(tmp_path_factory.mktemp("platform"), mariadb, redis.url)
        try:
            platform.start()
            yield platform
            platform.stop()
        finally:
            platform.close()


@pytest.fixture
async def shop(platform: Platform) -> AsyncIterator[Shop]:
    async with open_shop(platform) as shop:
        yield shop
