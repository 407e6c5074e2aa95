"""A service's schema, brought up to date: before it serves, or by its command ``migrate``, which does nothing else."""

import asyncio
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path

from florin.database import Database, opened
from florin.service.server import settings_or_exit
from florin.service.settings import MigrationSettings
from florin.telemetry import configure_logging


def open_schema(
    settings: MigrationSettings, directories: Sequence[Path], *, pool_size: int
) -> AbstractAsyncContextManager[Database]:
    """A service's own schema, up to date. Where another process migrates, everything may start at once."""
    return opened(
        settings.database(pool_size=pool_size),
        directories,
        migrating=settings.migrate_at_start,
        patient=not settings.migrate_at_start,
    )


def migrate_schema(name: str, directories: Sequence[Path]) -> None:
    """Bring the schema up to date and end. It asks for the database's password and for no other secret."""
    settings = settings_or_exit(MigrationSettings)
    configure_logging(name, level=settings.log_level)
    asyncio.run(_migrate(settings, directories))


async def _migrate(settings: MigrationSettings, directories: Sequence[Path]) -> None:
    async with opened(
        settings.database(pool_size=1), directories, migrating=True, patient=not settings.migrate_at_start
    ):
        pass
