"""What a fault does to a connection: no answer at all, or its end in the middle of a request.

An ASGI application cannot close its connection. `HangingUp` gives it the means: ``scope["simulator.hang_up"]``.
"""

import asyncio
from typing import Any

from litestar import Litestar, Request, Response
from litestar.response.base import ASGIResponse
from litestar.types import Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

SILENCE_MAX_S = 600
_HANG_UP = "simulator.hang_up"


class HangingUp(HttpToolsProtocol):
    """A server's connection that its application may end without an answer."""

    def on_headers_complete(self) -> None:
        """Let the request know how to hang up."""
        self.scope[_HANG_UP] = self.transport.abort  # type: ignore[literal-required]
        super().on_headers_complete()


def hanging_up(connection: type[Any]) -> type[Any]:
    """A server's connection class with the means to hang up."""
    return type("HangingUp", (HangingUp, connection), {})


class NoAnswer(Response[bytes]):
    """Never answers; with ``cut`` it ends the connection, else it waits until the client does."""

    def __init__(self, *, cut: bool) -> None:
        super().__init__(b"")
        self._cut = cut

    def to_asgi_response(self, app: Litestar | None, request: Request[Any, Any, Any], **_: Any) -> ASGIResponse:
        """Litestar's door for answering in a way of one's own."""
        return self._say_nothing  # type: ignore[return-value]  # any ASGI callable does

    async def _say_nothing(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._cut:
            scope[_HANG_UP]()  # type: ignore[literal-required]
        try:
            async with asyncio.timeout(SILENCE_MAX_S):
                while (await receive())["type"] != "http.disconnect":
                    pass
        except TimeoutError:
            scope[_HANG_UP]()  # type: ignore[literal-required]
        except asyncio.CancelledError:  # the server stops, and would answer 500
            scope[_HANG_UP]()  # type: ignore[literal-required]
            raise
