"""What notifications tells others: the deliveries of a payment, and events about endpoints and deliveries."""

from datetime import datetime

from msgspec import Struct


class DeliveryAttempt(Struct, frozen=True, kw_only=True):
    """One request to a receiver. ``status`` is its answer; ``failure`` says why there was none (or why it is void)."""

    number: int
    started_at: datetime
    duration_ms: float | None
    status: int | None
    failure: str | None
    detail: str
    url: str
    request_headers: dict[str, str]
    response_excerpt: str


class PaymentDelivery(Struct, frozen=True, kw_only=True):
    """One event of a payment on its way to one endpoint, with every attempt so far."""

    id: str
    endpoint_id: str
    event_id: str
    event_type: str
    state: str
    reason: str | None
    next_attempt_at: datetime | None
    created_at: datetime
    finished_at: datetime | None
    attempts: list[DeliveryAttempt]


class PaymentDeliveries(Struct, frozen=True):
    """Answer of ``GET /internal/v1/payments/{payment_id}/deliveries``, oldest first."""

    payment_id: str
    data: list[PaymentDelivery]


class EndpointSnapshot(Struct, frozen=True, kw_only=True):
    """Data of ``endpoint.*`` events: an endpoint as of one version, without its secrets."""

    id: str
    merchant_id: str
    livemode: bool
    url: str
    events: tuple[str, ...]
    state: str
    state_reason: str | None
    ordering: str
    managed_name: str | None
    version: int


class DeadDeliverySnapshot(Struct, frozen=True, kw_only=True):
    """Data of ``delivery.dead``: a delivery that is attempted no more, and why."""

    id: str
    merchant_id: str
    livemode: bool
    endpoint_id: str
    event_id: str
    event_type: str
    aggregate_id: str
    reason: str
    attempts: int
    last_status: int | None
    last_failure: str | None
