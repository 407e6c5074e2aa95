"""Receivers of webhooks, well-behaved and not, and a dispatcher that sends to them."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, NamedTuple

from aiohttp import web
from tests.support.streaming import eventually

from florin.contracts.directory import ConfigState
from florin.contracts.events import Event, snapshot
from florin.database import Connection, Database
from florin.errors import NotFound
from florin.ids import new_id
from florin.secrets import EnvelopeBox, KeyRing
from florin.webhooks import AddressPolicy, UrlPolicy
from notifications.domain.delivery import Delivery
from notifications.gateways.sender import Sender
from notifications.gateways.signing_secrets import SigningSecrets
from notifications.operations.accept_events import Incoming, accept_events, dispatch_accepted
from notifications.operations.create_endpoint import CreatedEndpoint, NewEndpoint, create_endpoint
from notifications.operations.dispatch import Dispatcher, DispatchLimits
from notifications.operations.sync_endpoints import EndpointSync
from notifications.store.deliveries import DeliveryFilter, attempts_of, list_deliveries

MERCHANT = "acme"
POLICY = UrlPolicy(addresses=AddressPolicy(allow_loopback=True))
Behaviour = Callable[[web.Request, int], Awaitable[web.StreamResponse]]


class Received(NamedTuple):
    """A request as it came."""

    path: str
    headers: dict[str, str]
    body: bytes
    at: float


class Receiver:
    """A merchant's server: each path answers 200, or behaves as it was told."""

    def __init__(self) -> None:
        self.url = ""
        self.received: list[Received] = []
        self.under_way = 0
        self._behaviours: dict[str, Behaviour] = {}
        self._changed = asyncio.Condition()

    def behave(self, path: str, behaviour: Behaviour) -> str:
        """Answer ``path`` so from now on; its URL. The behaviour is told which request of the path it is, from 1."""
        self._behaviours[path] = behaviour
        return self.url + path

    def answer(self, path: str, *statuses: int, headers: dict[str, str] | None = None) -> str:
        """Answer with these statuses one after the other, the last one from then on."""

        async def behaviour(_: web.Request, number: int) -> web.Response:
            return web.Response(status=statuses[min(number, len(statuses)) - 1], headers=headers, text="as told")

        return self.behave(path, behaviour)

    def at(self, path: str) -> list[Received]:
        """What came to one path."""
        return [each for each in self.received if each.path == path]

    async def wait(self, path: str, count: int, *, within_s: float = 15.0) -> list[Received]:
        """Wait until a path has got so many requests."""
        async with asyncio.timeout(within_s), self._changed:
            await self._changed.wait_for(lambda: len(self.at(path)) >= count)
        return self.at(path)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Take a request."""
        body = await request.read()
        async with self._changed:
            headers = {name.lower(): value for name, value in request.headers.items()}
            self.received.append(Received(request.path, headers, body, time.monotonic()))
            number = len(self.at(request.path))
            self._changed.notify_all()
        behaviour = self._behaviours.get(request.path)
        if behaviour is None:
            return web.Response(text="ok")
        self.under_way += 1
        try:
            return await behaviour(request, number)
        finally:
            self.under_way -= 1


@asynccontextmanager
async def running_receiver() -> AsyncIterator[Receiver]:
    """A receiver on a port of this machine."""
    receiver = Receiver()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", receiver.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    receiver.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield receiver
    finally:
        await runner.cleanup()


@asynccontextmanager
async def raw_receiver(answer: bytes | None) -> AsyncIterator[tuple[str, list[bytes]]]:
    """A server that reads a request, sends these bytes (or nothing) and closes; its URL and what it got."""
    got: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        got.append(head)
        if answer is not None:
            writer.write(answer)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hook", got
    finally:
        server.close()


class NoLeases:
    """No configuration names a secret here."""

    async def get(self, scope: str, name: str) -> Any:
        raise AssertionError(f"{name} of {scope} was asked for")


class Configs:
    """Configurations as a directory holds them."""

    def __init__(self) -> None:
        self.newest: dict[str, ConfigState] = {}

    def config(self, merchant_id: str) -> ConfigState:
        if merchant_id not in self.newest:
            raise NotFound("none")
        return self.newest[merchant_id]


def payment_event(
    payment_id: str,
    sequence: int,
    *,
    event_type: str = "payment.captured",
    merchant_id: str = MERCHANT,
    livemode: bool = False,
) -> Event:
    """An event of a payment."""
    return Event(
        id=new_id("evt", livemode=livemode, shard=0),
        type=event_type,
        merchant_id=merchant_id,
        aggregate_id=payment_id,
        sequence=sequence,
        occurred_at=datetime.now(UTC),
        livemode=livemode,
        data=snapshot({"id": payment_id, "version": sequence}),
    )


class Desk:
    """Delivery without streams: events go in by `accept`, attempts go out to real servers."""

    def __init__(self, db: Database, dispatcher: Dispatcher, secrets: SigningSecrets, sync: EndpointSync) -> None:
        self.db = db
        self.dispatcher = dispatcher
        self.secrets = secrets
        self.sync = sync

    async def endpoint(self, url: str, *, merchant_id: str = MERCHANT, **fields: Any) -> CreatedEndpoint:
        """A new endpoint of the merchant, in test mode."""
        return await create_endpoint(
            self.db,
            NewEndpoint(url=url, **fields),
            merchant_id=merchant_id,
            livemode=False,
            secrets=self.secrets,
            policy=POLICY,
        )

    async def accept(self, *events: Event, traceparent: str | None = None) -> None:
        """Take events in, as the consumer does."""

        async def work(conn: Connection) -> None:
            incoming = [Incoming(event, traceparent) for event in events]
            accepted = await accept_events(conn, incoming, dispatcher=self.dispatcher, sync=self.sync)
            conn.after_commit.append(lambda: dispatch_accepted(accepted, self.dispatcher))

        await self.db.run(work)

    async def deliveries(self, **chosen: Any) -> list[Delivery]:
        """Deliveries, oldest first."""
        async with self.db.connection() as conn:
            return await list_deliveries(conn, DeliveryFilter(**chosen), cursor=None, backwards=True, limit=10_000)

    async def attempts(self, delivery_id: str) -> Sequence[Any]:
        """The attempts of a delivery."""
        async with self.db.connection() as conn:
            return (await attempts_of(conn, [delivery_id]))[delivery_id]

    async def settled(self, state: str, count: int, *, within_s: float = 20.0, **chosen: Any) -> list[Delivery]:
        """Wait until so many deliveries are in a state."""

        async def reached() -> bool:
            return len(await self.deliveries(state=state, **chosen)) >= count

        await eventually(reached, within_s=within_s, what=f"{count} deliveries {state}")
        return await self.deliveries(state=state, **chosen)

    async def make_due(self) -> None:
        """Let the time of every retry, and of every rest, come now."""
        async with self.db.connection() as conn:
            await conn.execute(
                "UPDATE deliveries SET next_attempt_at=UTC_TIMESTAMP(6) WHERE state='pending' AND claimed_by IS NULL"
            )
            await conn.execute("UPDATE endpoints SET blocked_until=NULL, failures=0, version=version+1")
        self.dispatcher.wake()


@asynccontextmanager
async def running_desk(
    db: Database, *, holder: str = "desk", limits: DispatchLimits | None = None, key: bytes = b"k" * 32
) -> AsyncIterator[Desk]:
    """A dispatcher at work; it is drained at the end."""
    secrets = SigningSecrets(EnvelopeBox(KeyRing({1: key})), NoLeases())  # type: ignore[arg-type]
    sender = Sender.open(POLICY, secrets.signer, connections=512)
    dispatcher = Dispatcher(db, sender.send, holder=holder, limits=limits or DispatchLimits(poll_s=0.05))
    sync = EndpointSync(db, Configs(), secrets)  # type: ignore[arg-type]
    tasks = [asyncio.create_task(dispatcher.run()), asyncio.create_task(dispatcher.recorder.run())]
    try:
        yield Desk(db, dispatcher, secrets, sync)
        await dispatcher.drain(1.0)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await sender.close()
