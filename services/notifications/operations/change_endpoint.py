"""Everything that changes an endpoint afterwards. Each change raises its version and is an event."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from msgspec.structs import replace

from florin.database import Connection, Database
from florin.errors import Conflict, NotFound
from florin.outbox import record_events
from florin.webhooks import UrlPolicy, check_endpoint_url, check_secret, new_secret
from notifications.domain.announcements import endpoint_event, stream_of
from notifications.domain.endpoint import Endpoint, EndpointManaged, EndpointState, check_editable
from notifications.gateways.signing_secrets import SigningSecrets
from notifications.store.deliveries import cancel_pending
from notifications.store.endpoints import find_endpoint, update_endpoint


class Address(NamedTuple):
    """Which endpoint, and whose: another merchant's is not found."""

    endpoint_id: str
    merchant_id: str
    livemode: bool


def endpoint_missing(endpoint_id: str) -> NotFound:
    """The error for an id that names nothing of this merchant in this mode."""
    return NotFound(f"There is no webhook endpoint {endpoint_id[:80]!r}.")


async def change_endpoint(db: Database, address: Address, changes: dict[str, Any], policy: UrlPolicy) -> Endpoint:
    """Change what its merchant decides. Raises NotFound, EndpointManaged, InvalidEndpointUrl."""
    if "url" in changes:
        changes = {**changes, "url": str(check_endpoint_url(changes["url"], policy))}

    def change(endpoint: Endpoint) -> dict[str, Any]:
        check_editable(endpoint)
        return changes

    return await _write(db, address, change, "endpoint.updated")


async def pause_endpoint(db: Database, address: Address) -> Endpoint:
    """Hold its deliveries: they are recorded and wait. Raises NotFound, EndpointManaged, Conflict."""

    def change(endpoint: Endpoint) -> dict[str, Any]:
        check_editable(endpoint)
        if endpoint.state is EndpointState.DISABLED:
            raise Conflict("This endpoint is disabled; it is sent nothing already.")
        return {"state": EndpointState.PAUSED, "state_reason": None}

    return await _write(db, address, change, "endpoint.updated")


async def resume_endpoint(db: Database, address: Address) -> Endpoint:
    """Send again, first what has waited; also after it was disabled. Raises NotFound.

    Allowed for a managed endpoint too: that it is active is what the configuration says.
    """
    return await _write(
        db, address, lambda _: {"state": EndpointState.ACTIVE, "state_reason": None}, "endpoint.updated"
    )


async def delete_endpoint(db: Database, address: Address) -> None:
    """Send nothing any more; what waits is cancelled. Raises NotFound, EndpointManaged."""

    def change(endpoint: Endpoint) -> dict[str, Any]:
        check_editable(endpoint)
        return {"state": EndpointState.DELETED, "state_reason": None}

    await _write(db, address, change, "endpoint.deleted")


async def rotate_secret(
    db: Database, address: Address, *, overlap: timedelta, secrets: SigningSecrets, secret: str | None = None
) -> tuple[Endpoint, str]:
    """A new secret, shown this once; for ``overlap`` both sign, so that the receiver may change over when it likes.

    Raises NotFound, InvalidSigningSecret, and EndpointManaged where the configuration names the secret.
    """
    fresh = secret or new_secret()
    check_secret(fresh)

    def change(endpoint: Endpoint) -> dict[str, Any]:
        if endpoint.secret_ref is not None:
            raise EndpointManaged(
                f"This endpoint's secret is {endpoint.secret_ref!r} of the merchant's configuration; rotate it there."
            )
        return {
            "secret": secrets.seal(endpoint.id, fresh),
            "previous_secret": endpoint.secret if overlap else None,
            "previous_secret_expires_at": datetime.now(UTC) + overlap if overlap else None,
        }

    return await _write(db, address, change, "endpoint.updated"), fresh


async def _write(
    db: Database, address: Address, change: Callable[[Endpoint], dict[str, Any]], event_type: str
) -> Endpoint:
    async def write(conn: Connection) -> Endpoint:
        endpoint = await find_endpoint(
            conn, address.endpoint_id, address.merchant_id, livemode=address.livemode, lock=True
        )
        if endpoint is None:
            raise endpoint_missing(address.endpoint_id)
        changes = change(endpoint)
        if all(getattr(endpoint, name) == value for name, value in changes.items()):
            return endpoint
        now = datetime.now(UTC)
        changed = replace(endpoint, version=endpoint.version + 1, updated_at=now, **changes)
        await update_endpoint(conn, changed)
        if changed.state is EndpointState.DELETED:
            await cancel_pending(conn, changed.id)
        await record_events(conn, stream_of(livemode=changed.livemode), [endpoint_event(changed, event_type, now)])
        return changed

    return await db.run(write)
