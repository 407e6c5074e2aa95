"""The composition root of payments: ``python -m payments.main [migrate]``."""

import asyncio
import os
import socket
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

from litestar import Litestar
from litestar.openapi.spec import Tag

from florin import directory, inbox, leases, outbox
from florin.clock import SystemClock
from florin.contracts.directory import STREAM
from florin.database import Database
from florin.directory import Directory
from florin.inbox import Consumer
from florin.outbox import Relay, RelaySettings
from florin.secrets import SecretLeases
from florin.service import (
    Background,
    RateLimiter,
    ServiceApp,
    create_app,
    migrate_schema,
    open_schema,
    serve,
    settings_or_exit,
)
from florin.streams.redis_streams import RedisStreamReader, RedisStreamWriter
from florin.version import VERSION
from payments.api.access import Access
from payments.api.admin import admin_router
from payments.api.callbacks import receive_callback
from payments.api.payments import payments_router
from payments.api.records import records_router
from payments.api.refunds import refunds_router
from payments.gateways.cards import TestCards
from payments.gateways.connectors import Adapter, Connectors
from payments.gateways.deliveries import DeliveriesClient
from payments.gateways.simulator import SimulatorConnector
from payments.metrics import watch_committer
from payments.operations.accept import Acceptance
from payments.operations.audit import Audit
from payments.operations.callbacks import Callbacks
from payments.operations.measure import watch_waiting
from payments.operations.perform import Performer
from payments.operations.repair import Repair
from payments.operations.replies import render
from payments.operations.submit import Submitter
from payments.operations.sweep import Sweep
from payments.runtime import Runtime
from payments.settings import PaymentsSettings
from payments.store.committer import Committer
from payments.store.statements import stream_of

NAME = "payments"
MIGRATIONS = (
    Path(__file__).parent / "migrations",
    outbox.MIGRATIONS,
    inbox.MIGRATIONS,
    leases.MIGRATIONS,
    directory.MIGRATIONS,
)
ADAPTERS: dict[str, Adapter] = {"simulator": SimulatorConnector}
_STREAMS = (stream_of(livemode=False), stream_of(livemode=True))
_READERS = ("notifications",)  # known before their first report: what they have not read is never trimmed
_TAGS = ("Payments", "Refunds", "Events", "Balances", "Callbacks", "Operators")
_DRAIN_S = 15.0


def build_app(settings: PaymentsSettings) -> ServiceApp:
    """The service, ready to serve."""

    @asynccontextmanager
    async def lifespan(app: Litestar) -> AsyncIterator[None]:
        async with (
            open_schema(settings, MIGRATIONS, pool_size=settings.database_connections) as database,
            _running(settings, database, app),
        ):
            yield

    return create_app(
        name=NAME,
        version=VERSION,
        description="Takes card payments and keeps every cent accounted for.",
        route_handlers=[payments_router, refunds_router, records_router, receive_callback, admin_router(settings)],
        settings=settings,
        lifespan=[lifespan],
        tags=[Tag(name) for name in _TAGS],
    )


@asynccontextmanager
async def _running(settings: PaymentsSettings, database: Database, app: Litestar) -> AsyncIterator[None]:
    """Everything that works while the service serves, started in order and stopped in reverse."""
    clock = SystemClock()
    redis_url = settings.redis_location
    merchants = Directory(
        database,
        merchants_url=settings.merchants_url,
        internal_token=settings.internal_token,
        service=NAME,
        replica=f"{socket.gethostname()}-{os.getpid()}",
    )
    secrets = SecretLeases(settings.merchants_url, settings.internal_token)
    connectors = Connectors(ADAPTERS, merchants, secrets)
    merchants.on_change(secrets.on_change)
    relay = Relay(
        database,
        RedisStreamWriter(redis_url),
        list(_STREAMS),
        groups=dict.fromkeys(_STREAMS, _READERS),
        settings=RelaySettings(retention=timedelta(days=settings.keep_events_days)),
    )
    performer = Performer(connectors, clock)
    committer = performer.committer = Committer(database, render, performer.begin, relay.wake)
    repair = Repair(database, connectors, performer, clock)
    submitter = Submitter(database, committer, repair, clock, patience_s=settings.patience_s)
    callbacks = Callbacks(database, connectors, performer, clock)
    sweep = Sweep(database, committer, clock, keep_keys=timedelta(days=settings.keep_idempotency_keys_days))
    audit = Audit(database, every=timedelta(hours=settings.ledger_check_hours))
    deliveries = DeliveriesClient(settings.notifications_url, settings.internal_token)

    consumer = Consumer(database, RedisStreamReader(redis_url, NAME), NAME, [STREAM], merchants.handle)
    app.state.access = Access(merchants, RateLimiter(rate_per_s=500, burst=1000))
    app.state.runtime = Runtime(
        database=database,
        directory=merchants,
        acceptance=Acceptance(submitter, merchants, TestCards(), clock),
        callbacks=callbacks,
        repair=repair,
        committer=committer,
        deliveries=deliveries,
    )
    app.state.health.add("database", database.ping)
    app.state.health.add("directory", merchants.check_ready)
    watch_committer(committer)
    await merchants.start()
    writer = asyncio.create_task(committer.run(), name="committer")
    async with Background() as background:
        background.start("relay", relay.run)
        background.start("consumer", consumer.run)
        background.start("repair", repair.run)
        background.start("callbacks", callbacks.run)
        background.start("sweep", sweep.run)
        background.start("audit", audit.run)
        background.start("measure", lambda: watch_waiting(database))
        for name, work in {**merchants.tasks(), **secrets.tasks()}.items():
            background.start(name, work)
        try:
            yield
        finally:
            # What is on its way to an acquirer may still be answered and stored; the rest is asked about after a start.
            await performer.drain(_DRAIN_S)
            committer.stop()
            await writer
    for part in (connectors, deliveries, secrets, merchants):
        await part.close()


def main(arguments: Sequence[str] = ()) -> None:
    """Serve, or bring the schema up to date and end."""
    match list(arguments):
        case []:
            settings = settings_or_exit(PaymentsSettings)
            serve(build_app(settings), settings)
        case ["migrate"]:
            migrate_schema(NAME, MIGRATIONS)
        case _:
            raise SystemExit("usage: python -m payments.main [migrate]")


if __name__ == "__main__":
    main(sys.argv[1:])
