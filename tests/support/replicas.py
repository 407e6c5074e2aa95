"""Replicas of payments and notifications as merchants knows them: they follow the feed and report how far they are.

The report is what real replicas send (`florin.directory` is tested by itself); here a test decides when one falls
behind or goes.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.support.merchants import MerchantsService

_INTERVAL_S = 0.1


class Replicas:
    """Replicas, each by service and name. One that is in ``held`` keeps the floor that it had."""

    def __init__(self, service: MerchantsService) -> None:
        self._service = service
        self.names = {("payments", "p-1"), ("notifications", "n-1")}
        self.held: set[tuple[str, str]] = set()
        self._floors: dict[tuple[str, str], int] = {}

    async def follow(self) -> None:
        """Report again and again until cancelled."""
        while True:
            page = await self._service.get("/internal/v1/feed?after=0&limit=1")
            for key in self.names:
                if key not in self.held:
                    self._floors[key] = page["head"]
                report = {"epoch": page["epoch"], "floor": self._floors.get(key, 0), "lease_seconds": 5}
                await self._service.call("PUT", f"/internal/v1/replicas/{key[0]}/{key[1]}", report)
            await asyncio.sleep(_INTERVAL_S)

    async def leave(self, service: str, replica: str) -> None:
        """A replica stops in an orderly way: its lease ends."""
        self.names.discard((service, replica))
        page = await self._service.get("/internal/v1/feed?after=0&limit=1")
        report = {"epoch": page["epoch"], "floor": 0, "lease_seconds": 0}
        await self._service.call("PUT", f"/internal/v1/replicas/{service}/{replica}", report)


@asynccontextmanager
async def living_replicas(service: MerchantsService) -> AsyncIterator[Replicas]:
    """Replicas that report while the block lasts."""
    replicas = Replicas(service)
    task = asyncio.create_task(replicas.follow())
    try:
        yield replicas
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
