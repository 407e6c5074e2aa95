"""The composition root of merchants: ``python -m merchants.main [migrate | rewrap-secrets | new-epoch]``."""

import asyncio
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from litestar import Litestar, Router
from litestar.openapi.spec import Tag

from florin import leases, outbox
from florin.contracts.directory import STREAM
from florin.outbox import Relay
from florin.secrets import EnvelopeBox, KeyRing, KeyRingError
from florin.service import (
    ADMIN_TOKEN,
    INTERNAL_TOKEN,
    Background,
    ServiceApp,
    admin_guard,
    create_app,
    internal_guard,
    migrate_schema,
    open_schema,
    prepare,
    serve,
    settings_or_exit,
)
from florin.streams.redis_streams import RedisStreamWriter
from florin.version import VERSION
from merchants.api.admin_configs import AdminConfigs
from merchants.api.admin_connectors import AdminConnectors
from merchants.api.admin_keys import AdminKeys
from merchants.api.admin_merchants import AdminMerchants
from merchants.api.admin_replicas import AdminReplicas
from merchants.api.admin_secrets import AdminSecrets
from merchants.api.dependencies import DEPENDENCIES
from merchants.api.internal import Internal
from merchants.operations.rewrap_secrets import rewrap_secrets
from merchants.settings import MerchantsSettings
from merchants.store.changes import Changes, start_epoch

NAME = "merchants"
MIGRATIONS = (Path(__file__).parent / "migrations", outbox.MIGRATIONS, leases.MIGRATIONS)
_READERS = ("payments", "notifications")  # known before their first report: what they have not read is never trimmed
_TAGS = ("Merchants", "Configuration", "API keys", "Connectors", "Secrets", "Between services")


def build_app(settings: MerchantsSettings) -> ServiceApp:
    """The service, ready to serve. Raises KeyRingError where the key file is not good."""
    box = EnvelopeBox(KeyRing.load(settings.key_file))

    @asynccontextmanager
    async def lifespan(app: Litestar) -> AsyncIterator[None]:
        async with open_schema(settings, MIGRATIONS, pool_size=settings.database_pool_size) as db:
            relay = Relay(db, RedisStreamWriter(settings.redis_location), [STREAM], groups={STREAM: _READERS})
            app.state.db = db
            app.state.changes = Changes(db, relay.wake)
            app.state.health.add("database", db.ping)
            async with Background() as background:
                background.start("relay", relay.run)
                yield

    return create_app(
        name=NAME,
        version=VERSION,
        description="Who may take payments, with which keys, and how: merchants, API keys, configuration, secrets.",
        route_handlers=[
            Router(
                "/admin/v1",
                route_handlers=[AdminMerchants, AdminConfigs, AdminKeys, AdminConnectors, AdminSecrets, AdminReplicas],
                guards=[admin_guard(settings)],
                security=ADMIN_TOKEN,
            ),
            Router(
                "/internal/v1",
                route_handlers=[Internal],
                guards=[internal_guard(settings)],
                security=INTERNAL_TOKEN,
            ),
        ],
        settings=settings,
        lifespan=[lifespan],
        dependencies=DEPENDENCIES,
        state={"box": box},
        tags=[Tag(name) for name in _TAGS],
    )


def main(arguments: Sequence[str] = ()) -> None:
    """Serve, or with an argument do one thing and end."""
    try:
        match list(arguments):
            case []:
                settings = settings_or_exit(MerchantsSettings)
                serve(build_app(settings), settings)
            case ["migrate"]:
                migrate_schema(NAME, MIGRATIONS)
            case ["rewrap-secrets"]:
                asyncio.run(_rewrap(_prepared()))
            case ["new-epoch"]:
                asyncio.run(_start_epoch(_prepared()))
            case _:
                raise SystemExit("usage: python -m merchants.main [migrate | rewrap-secrets | new-epoch]")
    except KeyRingError as error:
        raise SystemExit(str(error)) from None


def _prepared() -> MerchantsSettings:
    settings = settings_or_exit(MerchantsSettings)
    prepare(NAME, VERSION, settings)
    return settings


async def _rewrap(settings: MerchantsSettings) -> None:
    async with open_schema(settings, MIGRATIONS, pool_size=settings.database_pool_size) as db:
        moved = await rewrap_secrets(db, EnvelopeBox(KeyRing.load(settings.key_file)))
        sys.stdout.write(f"{moved} secrets are under the newest key now.\n")


async def _start_epoch(settings: MerchantsSettings) -> None:
    async with open_schema(settings, MIGRATIONS, pool_size=settings.database_pool_size) as db, db.connection() as conn:
        await start_epoch(conn)
    sys.stdout.write("A new epoch begins: every projection is built anew from the feed.\n")


if __name__ == "__main__":
    main(sys.argv[1:])
