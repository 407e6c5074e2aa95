"""As much of HTTP/1.1 as the benchmark's own programs speak to each other and to what they measure.

A client or a server that costs as much as what it measures would measure itself. Bodies have a Content-Length; nothing
is chunked or compressed; connections are kept.
"""

import asyncio
import traceback
from collections.abc import Awaitable, Callable
from typing import NamedTuple

import uvloop

Handler = Callable[[bytes, bytes, bytes], Awaitable[tuple[int, bytes]]]
"""Method, path and body of a request become status and body of the answer."""
_HEAD_END = b"\r\n\r\n"
_LENGTH = b"content-length:"


class Answer(NamedTuple):
    """What came back."""

    status: int
    body: bytes


class Connection(asyncio.Protocol):
    """A client's connection: one request at a time."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._answer: asyncio.Future[Answer] | None = None
        self._read = b""

    @classmethod
    async def open(cls, host: str, port: int) -> "Connection":
        """Connect."""
        _, connection = await asyncio.get_running_loop().create_connection(cls, host, port)
        return connection

    def exchange(self, request: bytes) -> "asyncio.Future[Answer]":
        """Send a whole request; the future of its answer."""
        if self._transport is None:
            raise ConnectionError("the connection is closed")
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return self._answer

    def close(self) -> None:
        """Hang up."""
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]

    def data_received(self, data: bytes) -> None:
        self._read = data = self._read + data if self._read else data
        if (taken := _message_end(data)) is None:
            return
        head_end, end = taken
        self._read = data[end:]
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(Answer(int(data[9:12]), data[head_end:end]))

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(ConnectionError("the server hung up"))


class _Served(asyncio.Protocol):
    def __init__(self, handle: Handler) -> None:
        self._handle = handle
        self._transport: asyncio.Transport | None = None
        self._read = b""
        self._task: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]

    def data_received(self, data: bytes) -> None:
        self._read = data = self._read + data if self._read else data
        if (taken := _message_end(data)) is None:
            return
        head_end, end = taken
        self._read = data[end:]
        method, path, _ = data[: data.index(b"\r\n")].split(b" ", 2)
        self._task = asyncio.create_task(self._serve(method, path, data[head_end:end]))

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None

    async def _serve(self, method: bytes, path: bytes, body: bytes) -> None:
        try:
            status, answer = await self._handle(method, path, body)
        except Exception as error:  # noqa: BLE001 - whoever asked is told, whatever it was
            traceback.print_exc()
            status, answer = 500, repr(error).encode()
        if self._transport is not None:
            head = f"HTTP/1.1 {status} -\r\ncontent-type: application/json\r\ncontent-length: {len(answer)}\r\n\r\n"
            self._transport.write(head.encode() + answer)


def _message_end(data: bytes) -> tuple[int, int] | None:
    """Where the head of a whole message ends and where its body does; None where more has to come."""
    head_end = data.find(_HEAD_END)
    if head_end < 0:
        return None
    head_end += len(_HEAD_END)
    head = data[:head_end].lower()
    at = head.find(_LENGTH)
    length = int(head[at + len(_LENGTH) : head.index(b"\r\n", at)]) if at >= 0 else 0
    return (head_end, head_end + length) if len(data) >= head_end + length else None


async def serve_forever(handle: Handler, port: int) -> None:
    """Serve on a loopback port until killed."""
    server = await asyncio.get_running_loop().create_server(lambda: _Served(handle), "127.0.0.1", port, backlog=1024)
    await server.serve_forever()


def run(handle: Handler, port: int) -> None:
    """The main function of a small server."""
    uvloop.run(serve_forever(handle, port))


def request(method: str, path: str, headers: dict[str, str], body: bytes) -> bytes:
    """A whole request as it goes over the wire."""
    sent = {"host": "127.0.0.1", **headers, "content-length": str(len(body))}
    head = "".join(f"{name}: {value}\r\n" for name, value in sent.items())
    return f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode() + body
