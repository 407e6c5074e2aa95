"""A TCP server of a test."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def listening(serve: Serve) -> AsyncIterator[int]:
    """Listen on a free port of loopback; yields the port. ``serve`` is called for each connection."""
    server = await asyncio.start_server(serve, "127.0.0.1", 0, limit=1 << 21)
    try:
        yield int(server.sockets[0].getsockname()[1])
    finally:
        server.close()
