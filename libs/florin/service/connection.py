"""uvicorn's HTTP connection with what it lacks: a peer that owes us bytes has a deadline, and gets its answer."""

import asyncio
from asyncio.events import TimerHandle
from types import SimpleNamespace
from typing import Any

from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol
from uvicorn.server import ServerState

from florin.errors import FlorinError, InvalidRequest
from florin.service.frame import REQUEST_ID_HEADER, new_request_id
from florin.service.limits import Limits
from florin.service.problems import MEDIA_TYPE, BodyTimeout, HttpError, problem_of
from florin.telemetry.metrics import REQUESTS_REFUSED


class MalformedRequest(InvalidRequest):
    """The request is no HTTP/1.1: its first line or a header cannot be read."""

    code = "malformed_request"
    title = "The request is not valid HTTP"


class HeadTooLarge(HttpError):
    """The request's headers are past their limit."""

    code = "head_too_large"
    title = "The request's headers are too large"
    status = 431


class GuardedConnection(HttpToolsProtocol):
    """Closes a connection whose peer owes us bytes for too long.

    While a request is being answered and its body is complete, the next move is ours and no timer runs. Otherwise it
    is the peer's: half a head, half a body (answered with 408), the rest of a body that was refused, nothing at all
    on a new connection. uvicorn itself watches only kept-alive connections that are idle.

    A connection that is closed while its peer still sends is closed in two steps (RFC 9112, section 9.6): closed at
    once, the bytes that nobody read would have the kernel reset it, and the peer would lose the answer to them.
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
        self._lingering = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Give a new peer its time for the first head."""
        super().connection_made(transport)
        self._answering = SimpleNamespace(
            write=transport.write, is_closing=transport.is_closing, close=self._close_after_answer
        )
        self._watch(self.limits.head_timeout_s)

    def on_message_begin(self) -> None:
        """The first byte of a request has come."""
        self._in_head = True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """A request's head is complete; a timer that ran for it gives way to the body's."""
        self._in_head = False
        self._head_bytes = 0
        self._began = True
        self._unwatch()
        super().on_headers_complete()
        self.cycle.transport = self._answering  # type: ignore[assignment]

    def data_received(self, data: bytes) -> None:
        """Take bytes, then see whose move it is."""
        if self._lingering:
            return
        super().data_received(data)
        if self._in_head:
            self._head_bytes += len(data)
            if self._head_bytes > self.limits.head_bytes:
                self.refuse(HeadTooLarge(f"Heads of more than {self.limits.head_bytes} bytes are not taken."))
                return
        elif self._began and not self.cycle.response_complete:
            if self.cycle.more_body:
                self._watch(self.limits.body_timeout_s)
            else:
                self._unwatch()
            return
        if self.timeout_keep_alive_task is None:
            self._watch(self.limits.head_timeout_s)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the timer."""
        self._unwatch()
        super().connection_lost(exc)

    def _watch(self, timeout_s: float) -> None:
        if self._overdue is None and not self._lingering and not self.transport.is_closing():
            self._overdue = self.loop.call_later(timeout_s, self._give_up)

    def _unwatch(self) -> None:
        if self._overdue is not None:
            self._overdue.cancel()
            self._overdue = None

    def _give_up(self) -> None:
        self._overdue = None
        if self._began and not self.cycle.response_complete and not self.cycle.more_body:
            # Half a head of a pipelined request came while an earlier one is answered: that one's answer goes first.
            self._watch(self.limits.head_timeout_s)
        elif self._in_head or self.cycle.response_complete:
            self.transport.close()
        else:
            REQUESTS_REFUSED.labels("body_timeout").inc()
            self.refuse(
                BodyTimeout(f"The body was not complete {self.limits.body_timeout_s:g} seconds after the head.")
            )

    def refuse(self, error: FlorinError) -> None:
        """Answer on the bare connection, where no application can, and close it.

        Only where it is the turn of the request at fault: a refusal must never pass for the answer to another one.
        """
        if self._lingering or self.transport.is_closing():
            return
        if not self._is_its_turn():
            self.transport.close()
            return
        request_id = new_request_id()
        problem = problem_of(error, instance=request_id)
        self.transport.write(
            STATUS_LINE[problem.status]
            + f"content-type: {MEDIA_TYPE}\r\ncontent-length: {len(problem.body)}\r\n".encode()
            + f"{REQUEST_ID_HEADER.decode()}: {request_id}\r\nconnection: close\r\n\r\n".encode()
            + problem.body
        )
        self._linger()

    def _close_after_answer(self) -> None:
        if self.cycle.more_body or self.pipeline:
            self._linger()
        else:
            self.transport.close()

    def _linger(self) -> None:
        """Say that no more is coming, and drop what the peer still sends, until it has read that or its time is up."""
        if self.transport.is_closing() or not self.transport.can_write_eof():
            self.transport.close()
            return
        self._lingering = True
        self.pipeline.clear()
        self.transport.write_eof()
        self.flow.resume_reading()
        self._unwatch()
        self._overdue = self.loop.call_later(self.limits.body_timeout_s, self.transport.close)

    def _is_its_turn(self) -> bool:
        if not self._began or self.cycle.response_complete:
            return True
        if self.pipeline or self.cycle.response_started or not self.cycle.more_body:
            return False
        self.cycle.disconnected = True  # whatever its handler may still say, the refusal is the answer
        self.cycle.message_event.set()
        return True

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP with a problem document, like everything else."""
        self.refuse(MalformedRequest("The request could not be read as HTTP/1.1."))


def guarded_by(limits: Limits) -> type[GuardedConnection]:
    """The connection class for a server with these limits (uvicorn makes its connections from a class)."""
    return type("GuardedConnection", (GuardedConnection,), {"limits": limits})
