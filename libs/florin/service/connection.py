"""uvicorn's HTTP connection with the time-outs that it lacks: a peer that owes us bytes has a deadline."""

import asyncio
from asyncio.events import TimerHandle
from typing import Any

from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol
from uvicorn.server import ServerState

from florin.errors import InvalidRequest
from florin.service.limits import Limits
from florin.service.problems import MEDIA_TYPE, problem_of


class MalformedRequest(InvalidRequest):
    """The request is no HTTP/1.1: its first line or a header cannot be read."""

    code = "malformed_request"
    title = "The request is not valid HTTP"


class GuardedConnection(HttpToolsProtocol):
    """Closes a connection whose request head, or whose body after an early answer, does not end in time.

    Whenever no request is being answered, the next move is the peer's, and a timer runs: uvicorn's own for an idle
    kept-alive connection, ours for everything else (a new connection, half a head, the rest of a refused body).
    """

    limits = Limits()

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._overdue: TimerHandle | None = None
        self._in_head = True
        self._head_bytes = 0
        self._began = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Give a new peer its time for the first head."""
        super().connection_made(transport)
        self._watch()

    def on_message_begin(self) -> None:
        """The first byte of a request has come."""
        self._in_head = True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """A request's head is complete: from here on the frame's limits hold."""
        self._in_head = False
        self._head_bytes = 0
        self._began = True
        super().on_headers_complete()

    def data_received(self, data: bytes) -> None:
        """Take bytes, and start or stop the timer by whose move it is then."""
        super().data_received(data)
        if self._in_head:
            self._head_bytes += len(data)
            if self._head_bytes > self.limits.head_bytes:
                self._cut()
                return
        elif self._began and not self.cycle.response_complete:
            if self._overdue is not None:
                self._overdue.cancel()
                self._overdue = None
            return
        if self.timeout_keep_alive_task is None:
            self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the timer."""
        if self._overdue is not None:
            self._overdue.cancel()
            self._overdue = None
        super().connection_lost(exc)

    def _watch(self) -> None:
        if self._overdue is None and not self.transport.is_closing():
            self._overdue = self.loop.call_later(self.limits.head_timeout_s, self._cut)

    def _cut(self) -> None:
        self._overdue = None
        if not self.transport.is_closing():
            self.transport.close()

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP with a problem document, like everything else."""
        problem = problem_of(MalformedRequest("The request could not be read as HTTP/1.1."))
        self.transport.write(
            STATUS_LINE[problem.status]
            + f"content-type: {MEDIA_TYPE}\r\ncontent-length: {len(problem.body)}\r\n".encode()
            + b"connection: close\r\n\r\n"
            + problem.body
        )
        self.transport.close()


def guarded_by(limits: Limits) -> type[GuardedConnection]:
    """The connection class for a server with these limits (uvicorn makes its connections from a class)."""
    return type("GuardedConnection", (GuardedConnection,), {"limits": limits})
