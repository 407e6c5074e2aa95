"""The load generator: merchants' programs that take payments. ``python -m tests.benchmarks.load PORT``.

Closed loop: so many callers, each of which pays again as soon as it is answered. Open loop: payments begin when they
are due, however long others take, and a latency counts from then (who waits for a turn waits for the platform).
"""

import asyncio
import itertools
import random
import secrets
import sys
import time

import msgspec
from msgspec import Struct
from tests.benchmarks.http1 import Answer, Connection, request, run

LEAST_MINOR = 1000


class Order(Struct, frozen=True):
    """What to do: ``rate_per_s`` is zero for a closed loop, and ``callers`` are connections for an open one."""

    port: int
    token: str
    callers: int
    seconds: float
    rate_per_s: float = 0.0


class Taken(Struct, array_like=True):
    """One payment: its id, its amount, and when its request was due and was answered (seconds since 1970)."""

    payment_id: str
    amount_minor: int
    due_at: float
    answered_at: float

    @property
    def latency_s(self) -> float:
        """What its caller waited."""
        return self.answered_at - self.due_at


class Load(Struct):
    """What came of an order. ``seconds`` is how long it took until the last answer."""

    payments: list[Taken]
    refused: list[str]
    seconds: float


class _Reply(Struct):
    id: str
    status: str


class _Run:
    def __init__(self, order: Order) -> None:
        self.order = order
        self._numbers = itertools.count()
        self._name = secrets.token_hex(6)
        self._answers: list[tuple[int, float, float, Answer]] = []
        self.clock_s = time.time() - time.perf_counter()

    async def pay(self, connection: Connection, due: float) -> None:
        """One payment, of an amount that it does not share with its neighbours."""
        number = next(self._numbers)
        amount_minor = LEAST_MINOR + number % 9000
        headers = {
            "authorization": f"Bearer {self.order.token}",
            "idempotency-key": f"bench-{self._name}-{number:08d}",
            "content-type": "application/json",
        }
        body = b'{"amount_minor":%d,"currency":"EUR","confirm":true,"payment_method":{"token":"tok_visa"}}'
        answer = await connection.exchange(request("POST", "/v1/payments", headers, body % amount_minor))
        self._answers.append((amount_minor, due, time.perf_counter(), answer))

    def load(self, began: float) -> Load:
        """What was answered, read only now that nothing is measured any more."""
        ended = max((answered for _, _, answered, _ in self._answers), default=began)
        result = Load([], [], ended - began)
        for amount_minor, due, answered, answer in self._answers:
            reply = msgspec.json.decode(answer.body, type=_Reply) if answer.status == 201 else None
            if reply is None or reply.status != "succeeded":
                result.refused.append(f"{answer.status} {answer.body[:300].decode(errors='replace')}")
            else:
                result.payments.append(Taken(reply.id, amount_minor, due + self.clock_s, answered + self.clock_s))
        return result


async def generate(order: Order) -> Load:
    """Carry out an order."""
    run_ = _Run(order)
    connections = [await Connection.open("127.0.0.1", order.port) for _ in range(order.callers)]
    began = time.perf_counter()
    await (_open_loop if order.rate_per_s else _closed_loop)(run_, connections, began)
    for connection in connections:
        connection.close()
    return run_.load(began)


async def _closed_loop(run_: _Run, connections: list[Connection], began: float) -> None:
    async def call(connection: Connection) -> None:
        while (now := time.perf_counter()) < began + run_.order.seconds:
            await run_.pay(connection, now)

    await asyncio.gather(*map(call, connections))


async def _open_loop(run_: _Run, connections: list[Connection], began: float) -> None:
    """Arrivals are random and independent of each other (a Poisson process), as those of many buyers are."""
    chance = random.Random(1)
    free: asyncio.Queue[Connection] = asyncio.Queue()
    for connection in connections:
        free.put_nowait(connection)

    async def call(due: float) -> None:
        connection = await free.get()
        await run_.pay(connection, due)
        free.put_nowait(connection)

    due = began
    async with asyncio.TaskGroup() as calls:
        while (due := due + chance.expovariate(run_.order.rate_per_s)) < began + run_.order.seconds:
            await asyncio.sleep(due - time.perf_counter())
            calls.create_task(call(due))


async def _handle(method: bytes, path: bytes, body: bytes) -> tuple[int, bytes]:
    return 200, msgspec.json.encode(await generate(msgspec.json.decode(body, type=Order)))


if __name__ == "__main__":
    run(_handle, int(sys.argv[1]))
