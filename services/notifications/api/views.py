"""What answers look like."""

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct

from florin.contracts.deliveries import DeliveryAttempt
from florin.contracts.merchant_config import EventPattern, RetryPolicy, WebhookOrdering
from notifications.domain.delivery import Delivery
from notifications.domain.endpoint import Endpoint, EndpointState
from notifications.domain.outcome import DeliveryState
from notifications.domain.replay import Replay, ReplayState

PauseSeconds = Annotated[int, Meta(ge=1, le=2_592_000)]


class RetrySchedule(Struct, frozen=True, forbid_unknown_fields=True):
    """When a failed delivery is attempted again; pauses vary by a fifth.

    ``schedule_s``: seconds before each further attempt, the last one repeats; if empty, pauses double from
    ``initial_backoff_s`` up to ``max_backoff_s``.
    """

    max_attempts: Annotated[int, Meta(ge=1, le=50, description="Attempts in all.")] = 10
    schedule_s: Annotated[tuple[PauseSeconds, ...], Meta(max_length=49, examples=[[5, 300, 1800]])] = ()
    initial_backoff_s: PauseSeconds = 5
    max_backoff_s: PauseSeconds = 86_400

    def policy(self) -> RetryPolicy:
        """As it is stored and configured elsewhere."""
        return RetryPolicy(
            max_attempts=self.max_attempts,
            schedule_seconds=self.schedule_s,
            initial_backoff_seconds=self.initial_backoff_s,
            max_backoff_seconds=self.max_backoff_s,
        )


class EndpointView(Struct, frozen=True, kw_only=True):
    """A webhook endpoint. ``managed_name`` is set where the merchant's configuration owns it."""

    id: Annotated[str, Meta(examples=["we_test_3f01jd3x4m8c5v9k2q7r0s6t1w8y"])]
    object: Literal["webhook_endpoint"] = "webhook_endpoint"
    livemode: bool
    url: str
    events: tuple[EventPattern, ...]
    description: str
    state: EndpointState
    state_reason: str | None
    ordering: WebhookOrdering
    retries: RetrySchedule
    timeout_s: int
    max_in_flight: int
    rate_per_s: int | None
    api_version: str
    managed_name: str | None
    failures: Annotated[int, Meta(description="Failed attempts in a row, once there are enough to slow it down.")]
    blocked_until: Annotated[datetime | None, Meta(description="Nothing is sent before this time.")]
    previous_secret_expires_at: datetime | None
    created_at: datetime
    updated_at: datetime


class SecretView(Struct, frozen=True, kw_only=True):
    """An endpoint with its signing secret, which is not shown again."""

    endpoint: EndpointView
    secret: Annotated[str, Meta(examples=["whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"])]
    object: Literal["webhook_secret"] = "webhook_secret"


class DeliveryView(Struct, frozen=True, kw_only=True):
    """One event on its way to one endpoint. ``attempts`` is their number."""

    id: Annotated[str, Meta(examples=["dlv_test_3f01jd3x4m8c5v9k2q7r0s6t1w8y"])]
    object: Literal["delivery"] = "delivery"
    livemode: bool
    endpoint_id: str
    event_id: Annotated[str, Meta(description="Sent as `webhook-id`: receivers know a repeated message by it.")]
    event_type: str
    payment_id: Annotated[str, Meta(description="The object that the event is about.")]
    state: DeliveryState
    reason: Annotated[str | None, Meta(description="Why it is dead or cancelled.")]
    attempts: int
    attempting: bool
    next_attempt_at: datetime | None
    created_at: datetime
    finished_at: datetime | None


class DeliveryDetail(Struct, frozen=True, kw_only=True):
    """A delivery with every attempt."""

    delivery: DeliveryView
    attempts: list[DeliveryAttempt]


class ReplayView(Struct, frozen=True, kw_only=True):
    """A replay and how far it has come."""

    id: Annotated[str, Meta(examples=["rpl_test_3f01jd3x4m8c5v9k2q7r0s6t1w8y"])]
    object: Literal["replay"] = "replay"
    livemode: bool
    merchant_id: str
    states: tuple[DeliveryState, ...]
    endpoint_id: str | None
    payment_id: str | None
    events: tuple[str, ...]
    since: datetime | None
    until: datetime | None
    actor: str
    state: ReplayState
    examined: Annotated[int, Meta(description="Deliveries that were looked at.")]
    replayed: Annotated[int, Meta(description="Those of them that were made pending again.")]
    created_at: datetime
    finished_at: datetime | None


def view_endpoint(endpoint: Endpoint) -> EndpointView:
    """An endpoint as it is shown."""
    policy = endpoint.retries
    return EndpointView(
        id=endpoint.id,
        livemode=endpoint.livemode,
        url=endpoint.url,
        events=endpoint.events,
        description=endpoint.description,
        state=endpoint.state,
        state_reason=endpoint.state_reason,
        ordering=endpoint.ordering,
        retries=RetrySchedule(
            max_attempts=policy.max_attempts,
            schedule_s=policy.schedule_seconds,
            initial_backoff_s=policy.initial_backoff_seconds,
            max_backoff_s=policy.max_backoff_seconds,
        ),
        timeout_s=endpoint.timeout_s,
        max_in_flight=endpoint.max_in_flight,
        rate_per_s=endpoint.rate_per_s,
        api_version=endpoint.api_version,
        managed_name=endpoint.name,
        failures=endpoint.failures,
        blocked_until=endpoint.blocked_until,
        previous_secret_expires_at=endpoint.previous_secret_expires_at,
        created_at=endpoint.created_at,
        updated_at=endpoint.updated_at,
    )


def view_delivery(delivery: Delivery) -> DeliveryView:
    """A delivery as it is shown."""
    return DeliveryView(
        id=delivery.id,
        livemode=delivery.livemode,
        endpoint_id=delivery.endpoint_id,
        event_id=delivery.message_id,
        event_type=delivery.event_type,
        payment_id=delivery.aggregate_id,
        state=delivery.state,
        reason=delivery.reason,
        attempts=delivery.attempts,
        attempting=delivery.attempting,
        next_attempt_at=None if delivery.attempting else delivery.next_attempt_at,
        created_at=delivery.created_at,
        finished_at=delivery.finished_at,
    )


def view_replay(replay: Replay) -> ReplayView:
    """A replay as it is shown."""
    selection = replay.selection
    return ReplayView(
        id=replay.id,
        livemode=replay.livemode,
        merchant_id=replay.merchant_id,
        states=selection.states,
        endpoint_id=selection.endpoint_id,
        payment_id=selection.aggregate_id,
        events=selection.events,
        since=selection.since,
        until=selection.until,
        actor=replay.actor,
        state=replay.state,
        examined=replay.examined,
        replayed=replay.replayed,
        created_at=replay.created_at,
        finished_at=replay.finished_at,
    )
