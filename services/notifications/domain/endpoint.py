"""A webhook endpoint: where one merchant wants to hear of which events, in one mode."""

from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from florin.contracts.api_version import API_VERSION
from florin.contracts.merchant_config import STANDARD_RETRIES, RetryPolicy, WebhookOrdering
from florin.errors import Conflict


class EndpointState(StrEnum):
    """Deliveries of an endpoint that is not active are kept and wait; those of a deleted one are cancelled."""

    ACTIVE = "active"
    PAUSED = "paused"
    DISABLED = "disabled"
    DELETED = "deleted"


class EndpointManaged(Conflict):
    """The endpoint belongs to the merchant's configuration; it is changed there."""

    code = "endpoint_managed"


class Endpoint(Struct, frozen=True, kw_only=True):
    """An endpoint as stored. ``name`` is set for one that the merchant's configuration manages.

    ``secret`` and ``previous_secret`` are sealed; where ``secret_ref`` is set, the secret is leased from merchants.
    """

    id: str
    merchant_id: str
    livemode: bool
    url: str
    events: tuple[str, ...]
    created_at: datetime
    updated_at: datetime
    name: str | None = None
    description: str = ""
    state: EndpointState = EndpointState.ACTIVE
    state_reason: str | None = None
    ordering: WebhookOrdering = WebhookOrdering.NONE
    retry_policy: RetryPolicy | None = None
    default_retry_policy: RetryPolicy = STANDARD_RETRIES
    timeout_s: int = 15
    max_in_flight: int = 16
    rate_per_s: int | None = None
    api_version: str = API_VERSION
    secret: bytes = b""
    previous_secret: bytes | None = None
    previous_secret_expires_at: datetime | None = None
    secret_ref: str | None = None
    version: int = 1
    failures: int = 0
    blocked_until: datetime | None = None

    @property
    def retries(self) -> RetryPolicy:
        """The endpoint's own policy, or its merchant's."""
        return self.retry_policy or self.default_retry_policy

    @property
    def ordered(self) -> bool:
        """Whether one payment's deliveries wait for each other."""
        return self.ordering is WebhookOrdering.PAYMENT

    def wants(self, event_type: str) -> bool:
        """Whether its filters let this type through."""
        return any(matches(pattern, event_type) for pattern in self.events)


def matches(pattern: str, event_type: str) -> bool:
    """``*`` matches everything, ``payment.*`` a family, anything else itself."""
    if pattern == "*":
        return True
    if pattern.endswith(".*"):
        return event_type.startswith(pattern[:-1])
    return pattern == event_type


def check_editable(endpoint: Endpoint) -> None:
    """Raises EndpointManaged where the merchant's configuration is the only writer."""
    if endpoint.name is not None:
        raise EndpointManaged(
            f"This endpoint is managed by the merchant's configuration (webhooks, name {endpoint.name!r}); "
            "change it there."
        )
