"""Subject (b): the rows of a payment written by a minimal client, one transaction a phase, nothing grouped.

``python -m tests.benchmarks.direct PORT ACQUIRER_PORT DATABASE_URL ROWS``: ROWS is a file of `captured_rows.Rows`,
which are those that the platform itself wrote for a payment.
"""

import asyncio
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

import aiomysql
import msgspec
from tests.benchmarks.captured_rows import Rows, Statement, new_names
from tests.benchmarks.http1 import Connection, request, run
from tests.benchmarks.load import Load, Order, Taken

_CONNECTIONS = 32
_TERMINAL = {"authorization": "Bearer terminal", "content-type": "application/json"}


class DirectWriter:
    """Takes payments by writing them."""

    def __init__(self, rows: Rows, pool: aiomysql.Pool, acquirer_port: int) -> None:
        self._rows = rows
        self._pool = pool
        self._acquirer_port = acquirer_port

    async def generate(self, order: Order) -> Load:
        """A closed loop of so many callers."""
        load = Load([], [], 0.0)
        connections = [await Connection.open("127.0.0.1", self._acquirer_port) for _ in range(order.callers)]
        clock_s, began = time.time() - time.perf_counter(), time.perf_counter()

        async def call(acquirer: Connection) -> None:
            while (due := time.perf_counter()) < began + order.seconds:
                payment_id = await self._pay(acquirer)
                answered = time.perf_counter()
                load.payments.append(Taken(payment_id, self._rows.amount_minor, due + clock_s, answered + clock_s))

        await asyncio.gather(*map(call, connections))
        load.seconds = time.perf_counter() - began
        for connection in connections:
            connection.close()
        return load

    async def _pay(self, acquirer: Connection) -> str:
        names = new_names(self._rows)
        await self._write(self._rows.claim, names)
        asked = {"reference": names[self._rows.reference], "amount_minor": self._rows.amount_minor, "currency": "EUR"}
        path = "/acquirer/v1/authorizations"
        answer = await acquirer.exchange(request("POST", path, _TERMINAL, msgspec.json.encode(asked)))
        said = msgspec.json.decode(answer.body)
        if answer.status != 200 or said["status"] != "approved":
            raise AssertionError(answer)
        for place, field in self._rows.told.items():
            names[place] = said[field]
        await self._write(self._rows.outcome, names)
        return names[self._rows.payment_id]

    async def _write(self, statements: list[Statement], names: list[str]) -> None:
        async with self._pool.acquire() as connection, connection.cursor() as cursor:
            await connection.begin()
            for statement in statements:
                await cursor.executemany(statement.sql, statement.filled(names))
            await connection.commit()


async def open_pool(url: str) -> aiomysql.Pool:
    """Connections to a schema, all made at once."""
    parts = urlsplit(url)
    return await aiomysql.create_pool(
        host=parts.hostname,
        port=parts.port,
        user=parts.username,
        password=parts.password,
        db=parts.path.lstrip("/"),
        charset="utf8mb4",
        minsize=_CONNECTIONS,
        maxsize=_CONNECTIONS,
    )


class _Lazy:
    """The writer is made in the running loop, by the first request."""

    def __init__(self, acquirer_port: int, url: str, rows: Path) -> None:
        self._acquirer_port, self._url, self._rows = acquirer_port, url, rows
        self._writer: DirectWriter | None = None

    async def __call__(self, method: bytes, path: bytes, body: bytes) -> tuple[int, bytes]:
        if self._writer is None:
            rows = msgspec.msgpack.decode(self._rows.read_bytes(), type=Rows)
            self._writer = DirectWriter(rows, await open_pool(self._url), self._acquirer_port)
        order = msgspec.json.decode(body, type=Order)
        return 200, msgspec.json.encode(await self._writer.generate(order))


if __name__ == "__main__":
    port, acquirer_port, url, rows = sys.argv[1:]
    run(_Lazy(int(acquirer_port), url, Path(rows)), int(port))
