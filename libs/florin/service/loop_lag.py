"""How late the event loop is: what blocks it keeps every request of the process waiting."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from litestar import Litestar

from florin.telemetry.metrics import LOOP_LAG

_EVERY_S = 0.25


@asynccontextmanager
async def watching_loop_lag(_app: Litestar) -> AsyncIterator[None]:
    """Measure for as long as the service lives."""
    task = asyncio.create_task(_measure(), name="loop lag")
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _measure() -> None:
    loop = asyncio.get_running_loop()
    while True:
        due_at = loop.time() + _EVERY_S
        await asyncio.sleep(_EVERY_S)
        LOOP_LAG.observe(max(0.0, loop.time() - due_at))
