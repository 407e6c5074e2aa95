"""Shows that this process is alive, and hands what dead ones had claimed to the living.

A claim outlasts the slowest attempt, which is long. Without this, a webhook whose process was killed would wait for it.
"""

import asyncio
import logging
from typing import Protocol

from florin.database import Database
from florin.errors import Unavailable
from notifications.store.presence import end_presence, free_claims_of_the_dead, show_presence

PRESENCE_S = 10
"""A process that was silent for so long is taken for dead."""
_EVERY_S = 2.5
_log = logging.getLogger(__name__)


class Wakes(Protocol):
    """What looks for due deliveries when told to (`notifications.operations.dispatch.Dispatcher`)."""

    def wake(self) -> None:
        """Look now."""
        ...


class Presence:
    """One process among those that share a database."""

    def __init__(self, database: Database, holder: str, dispatcher: Wakes) -> None:
        self._database = database
        self._holder = holder
        self._dispatcher = dispatcher

    async def show(self) -> None:
        """Say that this process is alive. Do it before anything is claimed."""
        async with self._database.connection() as conn:
            await show_presence(conn, self._holder, PRESENCE_S)

    async def run(self) -> None:
        """Go on saying so and look for the dead, until cancelled."""
        while True:
            try:
                await self.show()
                freed = await self._database.run(free_claims_of_the_dead)
                if freed:
                    _log.warning("%s deliveries were claimed by a process that is gone: they are due now.", freed)
                    self._dispatcher.wake()
            except Unavailable as error:
                _log.warning("Presence cannot be shown: %s", error)
            await asyncio.sleep(_EVERY_S)

    async def end(self) -> None:
        """Nothing is claimed by this process any more."""
        async with self._database.connection() as conn:
            await end_presence(conn, self._holder)
