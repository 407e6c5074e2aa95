"""The composition root of notifications: ``python -m notifications.main [migrate]``."""

import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from litestar import Litestar, Router
from litestar.openapi.spec import Tag

from florin import directory, inbox, leases, outbox
from florin.contracts.directory import STREAM
from florin.database import Database
from florin.directory import Directory
from florin.inbox import Consumer
from florin.leases import new_holder
from florin.outbox import Relay
from florin.secrets import EnvelopeBox, KeyRing, KeyRingError, SecretLeases
from florin.service import (
    ADMIN_TOKEN,
    INTERNAL_TOKEN,
    Background,
    RateLimiter,
    ServiceApp,
    admin_guard,
    create_app,
    internal_guard,
    migrate_schema,
    open_schema,
    serve,
    settings_or_exit,
)
from florin.streams.redis_streams import RedisStreamReader, RedisStreamWriter
from florin.version import VERSION
from notifications.api.access import DEPENDENCIES, admit
from notifications.api.deliveries import Deliveries, Replays
from notifications.api.endpoints import Endpoints
from notifications.api.operators import Admin, Internal
from notifications.consumers import GROUP, STREAMS, EventHandler
from notifications.domain.announcements import stream_of
from notifications.gateways.sender import Sender
from notifications.gateways.signing_secrets import SigningSecrets
from notifications.operations.dispatch import Dispatcher, DispatchLimits
from notifications.operations.measure import watch_deliveries
from notifications.operations.presence import Presence
from notifications.operations.replay import ReplayRunner
from notifications.operations.sync_endpoints import EndpointSync
from notifications.runtime import Runtime
from notifications.settings import NotificationsSettings

NAME = "notifications"
MIGRATIONS = (
    Path(__file__).parent / "migrations",
    outbox.MIGRATIONS,
    inbox.MIGRATIONS,
    leases.MIGRATIONS,
    directory.MIGRATIONS,
)
_TAGS = ("Webhook endpoints", "Deliveries", "Replays", "Operators", "Between services")
_DRAIN_S = 20.0


def build_app(settings: NotificationsSettings) -> ServiceApp:
    """The service, ready to serve. Raises KeyRingError where the key file is not good."""
    box = EnvelopeBox(KeyRing.load(settings.key_file))

    @asynccontextmanager
    async def lifespan(app: Litestar) -> AsyncIterator[None]:
        async with (
            open_schema(settings, MIGRATIONS, pool_size=settings.database_pool_size) as database,
            _running(settings, database, box, app),
        ):
            yield

    return create_app(
        name=NAME,
        version=VERSION,
        description="Tells merchants what happened: webhook endpoints, deliveries with every attempt, replays.",
        route_handlers=[
            Router("/", route_handlers=[Endpoints, Deliveries, Replays], before_request=admit),
            Router("/admin/v1", route_handlers=[Admin], guards=[admin_guard(settings)], security=ADMIN_TOKEN),
            Router(
                "/internal/v1", route_handlers=[Internal], guards=[internal_guard(settings)], security=INTERNAL_TOKEN
            ),
        ],
        settings=settings,
        lifespan=[lifespan],
        dependencies=DEPENDENCIES,
        tags=[Tag(name) for name in _TAGS],
    )


@asynccontextmanager
async def _running(
    settings: NotificationsSettings, database: Database, box: EnvelopeBox, app: Litestar
) -> AsyncIterator[None]:
    """Everything that works while the service serves, started in order and stopped in reverse."""
    holder, redis_url = new_holder(), settings.redis_location
    merchants = Directory(
        database,
        merchants_url=settings.merchants_url,
        internal_token=settings.internal_token,
        service=NAME,
        replica=holder,
    )
    leased = SecretLeases(settings.merchants_url, settings.internal_token)
    secrets = SigningSecrets(box, leased)
    sync = EndpointSync(database, merchants, secrets)
    merchants.on_change(leased.on_change)
    merchants.on_change(sync.on_change)
    sender = Sender.open(settings.url_policy, secrets.signer, connections=settings.webhooks_in_flight)
    dispatcher = Dispatcher(
        database,
        sender.send,
        holder=holder,
        limits=DispatchLimits(in_flight=settings.webhooks_in_flight, lease_s=settings.webhooks_lease_s),
    )
    replays = ReplayRunner(database, dispatcher)
    presence = Presence(database, holder, dispatcher)
    relay = Relay(database, RedisStreamWriter(redis_url), [stream_of(livemode=False), stream_of(livemode=True)])
    events = Consumer(
        database, RedisStreamReader(redis_url, GROUP), GROUP, STREAMS, EventHandler(dispatcher, sync), holder=holder
    )
    changes = Consumer(database, RedisStreamReader(redis_url, GROUP), GROUP, [STREAM], merchants.handle, holder=holder)
    app.state.runtime = Runtime(
        database=database,
        directory=merchants,
        limiter=RateLimiter(rate_per_s=100, burst=200),
        policy=settings.url_policy,
        secrets=secrets,
        sync=sync,
        dispatcher=dispatcher,
        replays=replays,
        consumer=events,
    )
    app.state.health.add("database", database.ping)
    app.state.health.add("directory", merchants.check_ready)
    await merchants.start()
    await presence.show()
    try:
        async with Background() as background:
            for name, work in {**merchants.tasks(), **leased.tasks()}.items():
                background.start(name, work)
            background.start("relay", relay.run)
            background.start("endpoints", sync.run)
            background.start("recorder", dispatcher.recorder.run)
            background.start("dispatcher", dispatcher.run)
            background.start("presence", presence.run)
            background.start("replays", replays.run)
            background.start("measure", lambda: watch_deliveries(database))
            background.start("changes", changes.run)
            background.start("events", events.run)
            yield
            # Nothing new is taken from here on; what is on its way is finished and recorded, the rest given back.
            dispatcher.close()
            await dispatcher.drain(_DRAIN_S)
        await presence.end()
    finally:
        for part in (sender, leased, merchants):
            await part.close()


def main(arguments: Sequence[str] = ()) -> None:
    """Serve, or bring the schema up to date and end."""
    try:
        match list(arguments):
            case []:
                settings = settings_or_exit(NotificationsSettings)
                serve(build_app(settings), settings)
            case ["migrate"]:
                migrate_schema(NAME, MIGRATIONS)
            case _:
                raise SystemExit("usage: python -m notifications.main [migrate]")
    except KeyRingError as error:
        raise SystemExit(str(error)) from None


if __name__ == "__main__":
    main(sys.argv[1:])
