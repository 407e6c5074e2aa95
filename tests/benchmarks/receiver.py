"""A merchant's webhook receiver, which notes what comes and when: ``python -m tests.benchmarks.receiver PORT``.

``GET /wait/N`` answers once N different messages are there; ``GET /received/FROM`` tells those from the FROM-th on.
"""

import asyncio
import contextlib
import sys
import time
from datetime import datetime

import msgspec
from msgspec import Struct
from tests.benchmarks.http1 import run

_PATIENCE_S = 60.0


class _Data(Struct):
    id: str


class _Message(Struct):
    type: str
    timestamp: datetime
    data: _Data


class Received(Struct, array_like=True):
    """One message: its event, the payment, when the event was decided, when it came (seconds since 1970)."""

    type: str
    payment_id: str
    decided_at: float
    received_at: float


class Inbox(Struct):
    """Messages in the order they came, and how many came more than once."""

    messages: list[Received]
    repeated: int


class Receiver:
    """What was received."""

    def __init__(self) -> None:
        self._received: dict[tuple[str, str], Received] = {}
        self._repeated = 0
        self._arrived = asyncio.Event()
        self._wanted = 0
        self._decode = msgspec.json.Decoder(_Message).decode

    async def __call__(self, method: bytes, path: bytes, body: bytes) -> tuple[int, bytes]:
        """One request."""
        if method == b"POST":
            self._take(body)
            return 200, b""
        what, number = path.strip(b"/").split(b"/")
        if what == b"wait":
            return 200, msgspec.json.encode(await self._wait(int(number)))
        messages = list(self._received.values())[int(number) :]
        return 200, msgspec.json.encode(Inbox(messages, self._repeated))

    def _take(self, body: bytes) -> None:
        now, message = time.time(), self._decode(body)
        key = message.type, message.data.id
        if key in self._received:
            self._repeated += 1
            return
        self._received[key] = Received(*key, message.timestamp.timestamp(), now)
        if len(self._received) >= self._wanted:
            self._arrived.set()

    async def _wait(self, count: int) -> int:
        self._wanted = count
        self._arrived.clear()
        if len(self._received) < count:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_PATIENCE_S):
                    await self._arrived.wait()
        return len(self._received)


if __name__ == "__main__":
    run(Receiver(), int(sys.argv[1]))
