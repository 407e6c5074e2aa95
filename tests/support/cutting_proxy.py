"""A TCP proxy in front of a server that loses what it is told to lose."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from enum import StrEnum

from tests.support.listening import listening


class Cut(StrEnum):
    """Where the connection is cut, once, around the next packet that contains the marker."""

    BEFORE = "before"  # the packet never reaches the server
    AFTER = "after"  # the server gets it and answers; the answer is lost


class CuttingProxy:
    """Passes bytes on; `cut_next` arms one cut."""

    def __init__(self, port: int) -> None:
        self._server_port = port
        self._armed: tuple[bytes, Cut] | None = None
        self.cuts = 0
        self.port = 0

    def cut_next(self, marker: bytes, where: Cut) -> None:
        self._armed = (marker, where)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server_reader, server_writer = await asyncio.open_connection("127.0.0.1", self._server_port)
        back = asyncio.create_task(self._pass(server_reader, writer))
        try:
            while data := await reader.read(1 << 20):
                armed = self._armed
                if armed and armed[0] in data:
                    self._armed = None
                    self.cuts += 1
                    if armed[1] is Cut.AFTER:
                        back.cancel()
                        server_writer.write(data)
                        await server_reader.read(1)  # it has answered, so it is done
                    break
                server_writer.write(data)
                await server_writer.drain()
        finally:
            back.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await back
            for each in (writer, server_writer):
                each.transport.abort()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(1 << 20):
            writer.write(data)
        writer.close()


@asynccontextmanager
async def cutting_proxy(port: int) -> AsyncIterator[CuttingProxy]:
    """A running proxy in front of ``port``."""
    proxy = CuttingProxy(port)
    async with listening(proxy.serve) as proxy.port:
        yield proxy
