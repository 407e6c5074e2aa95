"""A merchant registers an endpoint."""

from datetime import UTC, datetime
from typing import NamedTuple

from msgspec import Struct

from florin.contracts.merchant_config import STANDARD_RETRIES, RetryPolicy, WebhookOrdering
from florin.database import Connection, Database
from florin.errors import Conflict
from florin.ids import new_id, shard_of
from florin.outbox import record_events
from florin.webhooks import UrlPolicy, check_endpoint_url, check_secret, new_secret
from notifications.domain.announcements import endpoint_event, stream_of
from notifications.domain.endpoint import Endpoint
from notifications.gateways.signing_secrets import SigningSecrets
from notifications.store.endpoints import count_endpoints, insert_endpoint

ENDPOINTS_MAX = 16


class TooManyEndpoints(Conflict):
    """A merchant has at most 16 endpoints in each mode; delete one first."""

    code = "too_many_endpoints"


class NewEndpoint(Struct, frozen=True, kw_only=True):
    """What a merchant decides about an endpoint. ``secret``: one that it has already, else one is made."""

    url: str
    events: tuple[str, ...] = ("*",)
    description: str = ""
    ordering: WebhookOrdering = WebhookOrdering.NONE
    retry_policy: RetryPolicy | None = None
    timeout_s: int = 15
    max_in_flight: int = 16
    rate_per_s: int | None = None
    secret: str | None = None


class CreatedEndpoint(NamedTuple):
    """An endpoint and its secret, which is shown this once."""

    endpoint: Endpoint
    secret: str


async def create_endpoint(
    db: Database,
    new: NewEndpoint,
    *,
    merchant_id: str,
    livemode: bool,
    secrets: SigningSecrets,
    policy: UrlPolicy,
    default_retries: RetryPolicy = STANDARD_RETRIES,
) -> CreatedEndpoint:
    """Store an endpoint. Raises InvalidEndpointUrl, InvalidSigningSecret, TooManyEndpoints."""
    url = check_endpoint_url(new.url, policy)
    secret = new.secret or new_secret()
    check_secret(secret)
    endpoint_id = new_id("we", livemode=livemode, shard=shard_of(merchant_id))
    now = datetime.now(UTC)
    endpoint = Endpoint(
        id=endpoint_id,
        merchant_id=merchant_id,
        livemode=livemode,
        url=str(url),
        events=new.events,
        description=new.description,
        ordering=new.ordering,
        retry_policy=new.retry_policy,
        default_retry_policy=default_retries,
        timeout_s=new.timeout_s,
        max_in_flight=new.max_in_flight,
        rate_per_s=new.rate_per_s,
        secret=secrets.seal(endpoint_id, secret),
        created_at=now,
        updated_at=now,
    )

    async def store(conn: Connection) -> None:
        if await count_endpoints(conn, merchant_id, livemode=livemode) >= ENDPOINTS_MAX:
            raise TooManyEndpoints(f"There are {ENDPOINTS_MAX} webhook endpoints already; delete one first.")
        await insert_endpoint(conn, endpoint)
        await record_events(conn, stream_of(livemode=livemode), [endpoint_event(endpoint, "endpoint.created", now)])

    await db.run(store)
    return CreatedEndpoint(endpoint, secret)
