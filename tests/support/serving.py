"""Serve a service's app on a port of this machine, in the event loop of the test."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from florin.service import Server, ServiceApp, ServiceSettings


@asynccontextmanager
async def served(app: ServiceApp, settings: ServiceSettings) -> AsyncIterator[str]:
    """The base URL of the running app; it is stopped gracefully at the end."""
    server = Server(app, settings)
    task = asyncio.create_task(server.serve())
    try:
        while not server.started:
            if task.done():
                task.result()
                raise AssertionError("the service ended while it started")
            await asyncio.sleep(0.005)
        yield f"http://{settings.host}:{settings.port}"
    finally:
        server.should_exit = True
        await task
