"""The insides of payments put together on a real database and a real simulator, under a clock that can be moved.

Nothing runs by itself: a test asks, sweeps or applies callbacks when it wants to, so that it need not wait.
"""

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import msgspec
from tests.support.simulator import SimulatorClient, SimulatorProcess

from florin.contracts.api_keys import ALL_SCOPES
from florin.contracts.connector import Breaker, ConnectorSpec, Timeouts
from florin.database import Database
from florin.directory import Principal
from florin.errors import NotFound
from florin.ids import new_id, shard_of
from florin.secrets import LeasedSecret
from florin.settings import Secret
from payments.domain.cancel import Cancel, cancel
from payments.domain.capture import Capture, capture
from payments.domain.create import Create, create
from payments.domain.decision import Context, Decision
from payments.domain.payment import CaptureMethod, Card, Operation, Payment, Route, Verb
from payments.domain.refund import Refund, refund
from payments.gateways.connectors import Connectors
from payments.gateways.simulator import SimulatorConnector
from payments.operations.callbacks import Callbacks
from payments.operations.perform import Performer
from payments.operations.repair import Repair
from payments.operations.replies import render
from payments.operations.submit import Reply, Request, Submitter
from payments.operations.sweep import Sweep
from payments.store.committer import Committer
from payments.store.payments import find_payment
from simulator.operations.deliver import sign

MERCHANT = "shop"
CALLBACK_SECRET = "callback-secret-of-benches"
PATIENCE_S = 8.0


class MovableClock:
    """The machine's clock, and what a test added to it."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def forward(self, **duration: float) -> None:
        self.ahead += timedelta(**duration)


class Registered:
    """Specifications and credentials of connectors, as a directory and its leases would give them."""

    def __init__(self) -> None:
        self.specs: dict[str, ConnectorSpec] = {}
        self.secrets: dict[str, LeasedSecret] = {}

    def connector(self, name: str) -> ConnectorSpec:
        if name not in self.specs:
            raise NotFound(f"There is no connector {name}.")
        return self.specs[name]

    async def get(self, scope: str, name: str) -> LeasedSecret:
        return self.secrets[scope.removeprefix("connector:")]


class Bench:
    """One replica of payments: its parts, a merchant's requests to it, and a view of the acquirer's book."""

    def __init__(
        self, database: Database, simulator: SimulatorClient, url: str, registered: Registered, *, sends: bool
    ) -> None:
        self.database = database
        self.simulator = simulator
        self.url = url
        self.registered = registered
        self.clock = MovableClock()
        self.connectors = Connectors({"simulator": SimulatorConnector}, registered, registered)
        self.performer = Performer(self.connectors, self.clock)
        perform = self.performer.begin if sends else _dies_first
        self.committer = self.performer.committer = Committer(database, render, perform, lambda: None)
        self.repair = Repair(database, self.connectors, self.performer, self.clock)
        self.submitter = Submitter(database, self.committer, self.repair, self.clock, patience_s=PATIENCE_S)
        self.callbacks = Callbacks(database, self.connectors, self.performer, self.clock)
        self.sweep = Sweep(database, self.committer, self.clock, keep_keys=timedelta(days=30))

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Bench"]:
        writer = asyncio.create_task(self.committer.run())
        try:
            yield self
        finally:
            await self.performer.drain(10)
            self.committer.stop()
            await writer
            await self.connectors.close()

    async def connector(
        self,
        *,
        deduplicate: bool = True,
        not_found_final_after_s: float | None = None,
        callbacks: str = "none",
        total_s: float = 0.6,
        breaker: Breaker | None = None,
        base_url: str = "",
    ) -> str:
        """A new connector with a terminal of its own at the simulator, both of the name that is returned."""
        name = f"bank-{secrets.token_hex(4)}"
        key = f"key-of-the-terminal-{name}"
        terminal = {"id": name, "key": key, "callback_secret": CALLBACK_SECRET, "deduplicate": deduplicate}
        made = await self.simulator.control("POST", "/terminals", {**terminal, "callbacks": callbacks})
        assert made.status == 201, made.body
        self.registered.specs[name] = ConnectorSpec(
            name=name,
            adapter="simulator",
            base_url=base_url or self.url,
            timeouts=Timeouts(connect_seconds=0.5, total_seconds=total_s),
            breaker=breaker or Breaker(),
            not_found_final_after_seconds=not_found_final_after_s,
        )
        credentials = msgspec.json.encode({"terminal_key": key, "callback_secret": CALLBACK_SECRET}).decode()
        self.registered.secrets[name] = LeasedSecret(version=1, current=Secret(credentials))
        return name

    async def fault(
        self, terminal: str, effect: str, *, on: str | None = None, times: int | None = None, **of: Any
    ) -> str:
        """Disturb a terminal's requests: those of one operation, and only so often, where that is said."""
        order = {"fault": {"effect": effect, **of}, "terminal": terminal, "operation": on, "count": times}
        answer = await self.simulator.control("POST", "/faults", order)
        assert answer.status == 201, answer.body
        return str(answer.json()["id"])

    async def count_requests(self, terminal: str, on: str) -> str:
        """Have requests counted from now on (see `seen`), and left alone."""
        return await self.fault(terminal, "delay", on=on, delay_ms=0)

    async def seen(self, fault_id: str) -> int:
        """How many requests a fault has met, or might have."""
        faults = (await self.simulator.control("GET", "/faults")).json()
        return int(next(fault["seen"] for fault in faults if fault["id"] == fault_id))

    async def heal(self, *fault_ids: str) -> None:
        """End these faults."""
        for fault_id in fault_ids:
            await self.simulator.control("DELETE", f"/faults/{fault_id}")

    # --- a merchant's requests ---

    async def pay(
        self,
        *connectors: str,
        token: str = "tok_visa",
        amount_minor: int = 1000,
        manual: bool = False,
        key: str | None = None,
    ) -> Reply:
        """Create and confirm a payment, to be tried at these connectors in turn."""
        request = _request("POST /v1/payments", key, f"{token} {amount_minor} {manual}".encode())
        payment_id = new_id("pay", livemode=False, shard=shard_of(MERCHANT))
        method = CaptureMethod.MANUAL if manual else CaptureMethod.AUTOMATIC

        def decide(_: Payment | None, context: Context) -> Decision:
            return create(
                Create(
                    context=context,
                    payment_id=payment_id,
                    livemode=False,
                    merchant_id=MERCHANT,
                    config_version=1,
                    amount_minor=amount_minor,
                    currency="EUR",
                    exponent=2,
                    capture_method=method,
                    card=Card(token),
                    routes=tuple(Route(name, timeout_s=1) for name in connectors),
                )
            )

        return await self.submitter.submit(request, payment_id, decide, creates=True)

    async def capture(self, payment: Payment, amount_minor: int | None = None, *, key: str | None = None) -> Reply:
        request = _request("capture", key, f"{amount_minor}".encode())
        return await self.submitter.change(request, payment.id, lambda p, c: capture(p, Capture(c, amount_minor)))

    async def cancel(self, payment: Payment, *, key: str | None = None) -> Reply:
        return await self.submitter.change(_request("cancel", key), payment.id, lambda p, c: cancel(p, Cancel(c)))

    async def refund(self, payment: Payment, amount_minor: int | None = None, *, key: str | None = None) -> Reply:
        request = _request("refund", key, f"{amount_minor}".encode())

        def rule(current: Payment, context: Context) -> Decision:
            return refund(current, Refund(context, amount_minor))

        return await self.submitter.change(request, payment.id, rule, operation_kind="re")

    # --- what is there ---

    async def payment(self, payment_id: str) -> Payment:
        found = await find_payment(self.database, payment_id)
        assert found is not None
        return found

    async def any_payment(self) -> Payment | None:
        """The newest payment, once there is one."""
        rows = await self.rows("SELECT id FROM payments ORDER BY id DESC LIMIT 1")
        return await self.payment(rows[0]["id"]) if rows else None

    async def until_unknown(self, payment_id: str = "%") -> None:
        """Wait until the outcome of an operation is not known."""
        await until(
            lambda: self.rows("SELECT 1 FROM operations WHERE state='unknown' AND payment_id LIKE %s", payment_id)
        )

    async def rows(self, sql: str, *params: Any) -> list[dict[str, Any]]:
        async with self.database.connection() as conn:
            return await conn.fetch_all(sql, params)

    async def execute(self, sql: str, *params: Any) -> None:
        async with self.database.connection() as conn:
            await conn.execute(sql, params)

    async def charges(self, *connectors: str) -> list[tuple[str, int]]:
        """What the acquirer booked at these terminals, in order: kind and amount; declines are left out."""
        booked = [(await self.simulator.control("GET", f"/operations?terminal={n}")).json() for n in connectors]
        operations = [operation for page in booked for operation in page["operations"]]
        return [(o["kind"], o["amount_minor"]) for o in operations if o["status"] == "approved"]

    async def call_back(self, connector: str, operation: Any) -> None:
        """Tell payments what the acquirer's book says of an operation, as the acquirer would; and have it applied."""
        callback_id = f"clb_{secrets.token_hex(8)}"
        headers, body = signed_callback(operation, callback_id)
        await self.callbacks.receive(connector, headers, body)
        async with self.applying():
            await until(lambda: self.callback(callback_id, "apply_at IS NULL"))

    async def callback(self, callback_id: str, where: str = "1=1") -> dict[str, Any] | None:
        """A stored callback, where it is so."""
        rows = await self.rows(f"SELECT * FROM callbacks WHERE callback_id=%s AND {where}", callback_id)
        return rows[0] if rows else None

    @asynccontextmanager
    async def applying(self) -> AsyncIterator[None]:
        """Have the inbox work for a while."""
        async with background(self.callbacks.run()):
            yield


def _dies_first(payment: Payment, operation_ids: Sequence[str], traceparent: str | None) -> None:
    """What a process does that ends right after its commit."""


def open_operation(payment: Payment, verb: Verb | None = None) -> Operation:
    """The one operation of a payment whose outcome is awaited."""
    (found,) = [o for o in payment.operations() if o.open and verb in (None, o.verb)]
    return found


def signed_callback(
    operation: Any, callback_id: str, *, secret: str = CALLBACK_SECRET, age_s: float = 0.0, type: str = "succeeded"
) -> tuple[dict[str, str], bytes]:
    """Headers and body of a callback about an operation of the acquirer's book."""
    body = msgspec.json.encode({"id": callback_id, "type": f"operation.{type}", "data": operation})
    return {"simulator-signature": sign(secret, body, time.time() - age_s)}, body


@asynccontextmanager
async def background(work: Coroutine[Any, Any, Any]) -> AsyncIterator["asyncio.Task[Any]"]:
    """Something that goes on meanwhile, and ends with the block."""
    task = asyncio.create_task(work)
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.wait([task])


def _request(route: str, key: str | None, body: bytes = b"{}") -> Request:
    principal = Principal(MERCHANT, livemode=False, key_id="key", scopes=ALL_SCOPES, rate_limit_per_second=1000)
    return Request(principal, key or secrets.token_hex(8), route, body)


async def until(check: Callable[[], Any], *, timeout_s: float = 15.0) -> Any:
    """What ``check`` returns once it is true."""
    async with asyncio.timeout(timeout_s):
        while True:
            if value := await check():
                return value
            await asyncio.sleep(0.02)


@asynccontextmanager
async def open_bench(
    database: Database, process: SimulatorProcess, registered: Registered | None = None, *, sends: bool = True
) -> AsyncIterator[Bench]:
    """A replica on a database. ``registered`` is shared by replicas of one installation.

    One that does not send is one that dies between its commit and its call to the acquirer.
    """
    async with aiohttp.ClientSession() as session:
        simulator = SimulatorClient(session, process.url)
        bench = Bench(database, simulator, process.url, registered or Registered(), sends=sends)
        async with bench.running():
            yield bench
