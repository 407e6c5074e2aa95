from collections.abc import AsyncIterator

import pytest
from tests.conftest import DatabaseFactory
from tests.support.merchants_fixtures import merchants_service
from tests.support.webhooks import Desk, Receiver, running_desk, running_receiver

from florin.database import Database
from notifications.main import MIGRATIONS

__all__ = ["merchants_service"]


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    """A merchant's server."""
    async with running_receiver() as running:
        yield running


@pytest.fixture
async def db(database_factory: DatabaseFactory) -> Database:
    """A schema of notifications."""
    return await database_factory(MIGRATIONS)


@pytest.fixture
async def desk(db: Database) -> AsyncIterator[Desk]:
    """A dispatcher at work."""
    async with running_desk(db) as running:
        yield running
