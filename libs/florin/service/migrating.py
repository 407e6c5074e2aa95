"""The command ``migrate`` of a service: its schema brought up to date, and nothing else."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from florin.database import opened
from florin.service.server import settings_or_exit
from florin.service.settings import MigrationSettings
from florin.telemetry import configure_logging


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
