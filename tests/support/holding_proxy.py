"""A TCP proxy in front of a server whose connections can be made to hang, as broken networks make them."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from enum import StrEnum

from tests.support.listening import listening

_PIECE = 1 << 20


class Hold(StrEnum):
    """What is kept back around a marked request."""

    REQUEST = "request"  # the server never sees it
    ANSWER = "answer"  # the server does it; its answer never arrives


class HoldingProxy:
    """Passes bytes on until it is told otherwise."""

    def __init__(self, server_port: int) -> None:
        self.port = 0
        self.delay_s = 0.0
        """Kept back for so long: each piece from clients."""
        self.held = asyncio.Event()
        """A marked request came and hangs."""
        self._server_port = server_port
        self._armed: tuple[bytes, Hold] | None = None
        self._swallowed: bytes | None = None
        self._refuses = False
        self._writers: set[asyncio.StreamWriter] = set()
        self._hanging: set[asyncio.StreamWriter] = set()

    def hold_next(self, marker: bytes, what: Hold) -> None:
        """Let the next request that contains the marker hang."""
        self.held.clear()
        self._armed = (marker, what)

    def swallow(self, marker: bytes) -> None:
        """Let every request from now on that contains the marker hang, unseen by the server."""
        self._swallowed = marker

    @property
    def hanging(self) -> int:
        """How many connections hang."""
        return len(self._hanging)

    def stall(self) -> None:
        """Let every connection that there is now hang, both ways; later ones are well."""
        self._hanging |= self._writers

    def go_down(self) -> None:
        """End all connections, and new ones at once."""
        self._refuses = True
        for writer in self._writers:
            writer.transport.abort()

    def come_back(self) -> None:
        """Be well again."""
        self._refuses = False

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._refuses:
            writer.transport.abort()
            return
        server_reader, server_writer = await asyncio.open_connection("127.0.0.1", self._server_port)
        self._writers.add(writer)
        try:
            back = asyncio.create_task(self._pass_answers(server_reader, writer))
            with contextlib.suppress(OSError):
                await self._pass_requests(reader, writer, server_writer)
            back.cancel()
        finally:
            self._writers.discard(writer)
            self._hanging.discard(writer)
            for each in (writer, server_writer):
                each.transport.abort()

    async def _pass_requests(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, server: asyncio.StreamWriter
    ) -> None:
        while data := await reader.read(_PIECE):
            if self.delay_s:
                await asyncio.sleep(self.delay_s)
            armed = self._armed
            if armed is not None and armed[0] in data:
                self._armed = None
                self._hanging.add(writer)
                if armed[1] is Hold.ANSWER:
                    server.write(data)
                self.held.set()
            elif self._swallowed is not None and self._swallowed in data:
                self._hanging.add(writer)
            elif writer not in self._hanging:
                server.write(data)
                await server.drain()

    async def _pass_answers(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(_PIECE):
            if writer not in self._hanging:
                writer.write(data)
        writer.close()


@asynccontextmanager
async def holding_proxy(port: int) -> AsyncIterator[HoldingProxy]:
    """A running proxy in front of ``port``."""
    proxy = HoldingProxy(port)
    async with listening(proxy.serve) as proxy.port:
        try:
            yield proxy
        finally:
            proxy.go_down()
