"""Delivers callbacks, signed, with a few repetitions; opens disputes whose time has come.

``Simulator-Signature: t=<unix seconds>,v1=<hex HMAC-SHA256 of "<t>.<body>" with the terminal's callback secret>``
"""

import asyncio
import contextlib
import functools
import hashlib
import hmac
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import aiohttp

from florin.service import Background
from simulator.operations.dispute import open_dispute
from simulator.operations.owe_callback import owe_dispute_callback
from simulator.store.book import Book
from simulator.store.callbacks import (
    QueuedCallback,
    due_callbacks,
    find_callback,
    next_due,
    record_attempt,
    release_held,
)
from simulator.store.disputes import scheduled_disputes
from simulator.store.operations import find_authorization
from simulator.store.terminals import Register

BACKOFF_S = (0.5, 2.0, 5.0, 15.0, 60.0)
SIGNATURE_HEADER = "Simulator-Signature"
_CONCURRENT = 64
_TIMEOUT = aiohttp.ClientTimeout(total=10)


def sign(secret: str, body: bytes, now: float) -> str:
    """The signature header of a callback."""
    timestamp = str(int(now))
    digest = hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    return f"t={timestamp},v1={digest}"


class CallbackSender:
    """Owns the task that works off the queue. One for each book."""

    def __init__(self, book: Book, register: Register) -> None:
        self._book = book
        self._register = register
        self._due = asyncio.Event()
        self._under_way: dict[int, asyncio.Task[None]] = {}
        self._session: aiohttp.ClientSession | None = None

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Deliver while the context lasts. What is not delivered stays in the book."""
        connector = aiohttp.TCPConnector(limit=_CONCURRENT)
        async with (
            aiohttp.ClientSession(timeout=_TIMEOUT, connector=connector, trust_env=False) as session,
            Background() as background,
        ):
            self._session = session
            release_held(self._book)
            background.start("callbacks", self._work)
            try:
                yield
            finally:
                under_way = list(self._under_way.values())
                for task in under_way:
                    task.cancel()
                await asyncio.gather(*under_way, return_exceptions=True)

    def wake(self) -> None:
        """Look at the queue now."""
        self._due.set()

    async def deliver_held(self, number: int) -> None:
        """Deliver one callback now; what fails is queued like any other."""
        callback = find_callback(self._book, number)
        if callback is not None:
            await self._deliver(callback)

    async def _work(self) -> None:
        while True:
            self._due.clear()
            now = datetime.now(UTC)  # one instant for both questions, or what falls due between them waits for ever
            await self._start_due(now)
            following = next_due(self._book, now.timestamp())
            wait_s = None if following is None else max(0.0, following - time.time())
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._due.wait(), wait_s)

    async def _start_due(self, now: datetime) -> None:
        for dispute in scheduled_disputes(self._book, now.timestamp()):
            authorization = find_authorization(self._book, None, dispute.authorization_id)
            terminal = self._register.find(authorization.terminal) if authorization else None
            if authorization is None or terminal is None:
                continue
            opened = open_dispute(self._book, dispute, authorization, now)
            if opened is not None:
                owe_dispute_callback(self._book, terminal, opened, authorization, now)
        await self._book.durable()
        for callback in due_callbacks(self._book, now.timestamp(), _CONCURRENT + len(self._under_way)):
            if len(self._under_way) >= _CONCURRENT:
                break
            if callback.number not in self._under_way:
                task = asyncio.create_task(self._deliver(callback))
                self._under_way[callback.number] = task
                task.add_done_callback(functools.partial(self._finished, callback.number))

    def _finished(self, number: int, _: asyncio.Task[None]) -> None:
        self._under_way.pop(number, None)
        self._due.set()

    async def _deliver(self, callback: QueuedCallback) -> None:
        answer = await self._post(callback)
        if answer.startswith("2"):
            state, due_at = "delivered", 0.0
        elif callback.attempts < len(BACKOFF_S):
            state, due_at = "queued", time.time() + BACKOFF_S[callback.attempts]
        else:
            state, due_at = "failed", 0.0
        record_attempt(self._book, callback.number, state=state, answer=answer, due_at=due_at)
        await self._book.durable()
        if state == "queued":
            self._due.set()

    async def _post(self, callback: QueuedCallback) -> str:
        secret = self._register.secret_of(callback.terminal)
        if secret is None or self._session is None:
            return "no terminal"
        body = callback.body.encode()
        headers = {
            "Content-Type": "application/json",
            "Simulator-Callback-Id": callback.id,
            SIGNATURE_HEADER: sign(secret, body, time.time()),
        }
        try:
            async with self._session.post(callback.url, data=body, headers=headers, allow_redirects=False) as reply:
                return str(reply.status)
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
            return type(error).__name__
