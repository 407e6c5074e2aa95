"""Keeps the endpoints that merchants' configurations define in step with them.

A configuration knows no mode, so each of its webhooks is one endpoint in test mode and one in live mode. They are
brought up to date when a configuration arrives, and once more before an event is looked at: what is *propagated* to
this replica holds for every later event.
"""

import asyncio
import logging
from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any

from msgspec.structs import replace

from florin.contracts.directory import ConfigState, State
from florin.contracts.merchant_config import STANDARD_RETRIES, RetryPolicy, Webhook
from florin.database import Connection, Database
from florin.directory import Directory
from florin.errors import NotFound, Unavailable
from florin.ids import new_id, shard_of
from florin.outbox import record_events
from florin.webhooks import new_secret
from notifications.domain.announcements import endpoint_event, stream_of
from notifications.domain.endpoint import Endpoint, EndpointState
from notifications.gateways.signing_secrets import SigningSecrets
from notifications.store.deliveries import cancel_pending
from notifications.store.endpoints import insert_endpoint, managed_endpoints, set_default_retries, update_endpoint
from notifications.store.managed_configs import applied_version, lock_applied_version, set_applied_version

_RETRY_S = 2.0
_log = logging.getLogger(__name__)


class EndpointSync:
    """Applies configurations. Run `run` in the background and give `on_change` to the directory."""

    def __init__(self, db: Database, directory: Directory, secrets: SigningSecrets) -> None:
        self._db = db
        self._directory = directory
        self._secrets = secrets
        self._applied: dict[str, int] = {}  # committed, as far as this replica knows
        self._changed: set[str] = set()
        self._arrived = asyncio.Event()

    def on_change(self, state: State) -> None:
        """A listener for `Directory.on_change`."""
        if isinstance(state, ConfigState):
            self._changed.add(state.merchant_id)
            self._arrived.set()

    def retry_policy(self, merchant_id: str) -> RetryPolicy:
        """The policy of a merchant's endpoints that have none of their own."""
        config = self._config(merchant_id)
        return config.spec.retry_policy if config is not None else STANDARD_RETRIES

    async def run(self) -> None:
        """Apply every configuration, then each that changes."""
        self._changed.update(config.merchant_id for config in self._directory.configs())
        self._arrived.set()
        while True:
            await self._arrived.wait()
            self._arrived.clear()
            while self._changed:
                merchant_id = self._changed.pop()
                try:
                    await self._apply(merchant_id)
                except Unavailable as error:
                    _log.warning("The endpoints of %s cannot be brought up to date yet: %s", merchant_id, error)
                    self._changed.add(merchant_id)
                    await asyncio.sleep(_RETRY_S)

    async def catch_up(self, conn: Connection, merchant_ids: Collection[str]) -> None:
        """Apply what is newer than what was applied, in the caller's transaction."""
        for merchant_id in sorted(merchant_ids):
            config = self._config(merchant_id)
            if config is None or config.config_version <= self._applied.get(merchant_id, 0):
                continue
            version = await applied_version(conn, merchant_id)
            if version >= config.config_version:
                self._applied[merchant_id] = version
            else:
                await apply_config(conn, config, self._secrets, datetime.now(UTC))

    async def _apply(self, merchant_id: str) -> None:
        config = self._config(merchant_id)
        if config is not None:
            now = datetime.now(UTC)
            await self._db.run(lambda conn: apply_config(conn, config, self._secrets, now))
            self._applied[merchant_id] = max(config.config_version, self._applied.get(merchant_id, 0))

    def _config(self, merchant_id: str) -> ConfigState | None:
        try:
            return self._directory.config(merchant_id)
        except NotFound:
            return None


async def apply_config(conn: Connection, config: ConfigState, secrets: SigningSecrets, now: datetime) -> None:
    """Make the endpoints what the configuration says, unless a newer one was applied."""
    merchant_id = config.merchant_id
    if await lock_applied_version(conn, merchant_id) >= config.config_version:
        return
    await set_default_retries(conn, merchant_id, config.spec.retry_policy)
    existing = {(endpoint.livemode, endpoint.name): endpoint for endpoint in await managed_endpoints(conn, merchant_id)}
    wanted: dict[tuple[bool, str | None], Webhook] = {
        (livemode, webhook.name): webhook for livemode in (False, True) for webhook in config.spec.webhooks
    }
    for key, webhook in wanted.items():
        endpoint = existing.get(key)
        if endpoint is None:
            await _create(conn, webhook, config, livemode=key[0], secrets=secrets, now=now)
        else:
            await _update(conn, endpoint, webhook, secrets, now)
    for key, endpoint in existing.items():
        if key not in wanted and endpoint.state is not EndpointState.DELETED:
            await _save(conn, endpoint, "endpoint.deleted", now, state=EndpointState.DELETED, state_reason=None)
            await cancel_pending(conn, endpoint.id)
    await set_applied_version(conn, merchant_id, config.config_version)


async def _create(
    conn: Connection, webhook: Webhook, config: ConfigState, *, livemode: bool, secrets: SigningSecrets, now: datetime
) -> None:
    endpoint_id = new_id("we", livemode=livemode, shard=shard_of(config.merchant_id))
    endpoint = Endpoint(
        id=endpoint_id,
        merchant_id=config.merchant_id,
        livemode=livemode,
        name=webhook.name,
        secret=b"" if webhook.signing_secret_ref else secrets.seal(endpoint_id, new_secret()),
        default_retry_policy=config.spec.retry_policy,
        created_at=now,
        updated_at=now,
        **_configured(webhook),
    )
    await insert_endpoint(conn, endpoint)
    await record_events(conn, stream_of(livemode=livemode), [endpoint_event(endpoint, "endpoint.created", now)])


async def _update(
    conn: Connection, endpoint: Endpoint, webhook: Webhook, secrets: SigningSecrets, now: datetime
) -> None:
    configured = _configured(webhook)
    if endpoint.state is EndpointState.DELETED:
        configured["state"], configured["state_reason"] = EndpointState.ACTIVE, None
    elif all(getattr(endpoint, name) == value for name, value in configured.items()):
        return
    elif endpoint.state is EndpointState.DISABLED and endpoint.url != webhook.url:
        configured["state"], configured["state_reason"] = EndpointState.ACTIVE, None  # it was the old URL that is gone
    if webhook.signing_secret_ref is None and not endpoint.secret:
        configured["secret"] = secrets.seal(endpoint.id, new_secret())
    await _save(conn, endpoint, "endpoint.updated", now, **configured)


async def _save(conn: Connection, endpoint: Endpoint, event_type: str, now: datetime, **changes: Any) -> None:
    saved = replace(endpoint, version=endpoint.version + 1, updated_at=now, **changes)
    await update_endpoint(conn, saved)
    await record_events(conn, stream_of(livemode=saved.livemode), [endpoint_event(saved, event_type, now)])


def _configured(webhook: Webhook) -> dict[str, Any]:
    """What the configuration decides about an endpoint."""
    return {
        "url": webhook.url,
        "events": webhook.events,
        "ordering": webhook.ordering,
        "retry_policy": webhook.retry_policy,
        "timeout_s": webhook.timeout_seconds,
        "secret_ref": webhook.signing_secret_ref.name if webhook.signing_secret_ref else None,
    }
