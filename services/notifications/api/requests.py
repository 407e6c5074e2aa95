"""What requests look like."""

from datetime import datetime
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from florin.contracts.merchant_config import EventPattern, WebhookOrdering
from notifications.api.views import RetrySchedule
from notifications.domain.outcome import DeliveryState
from notifications.domain.replay import Selection
from notifications.operations.create_endpoint import NewEndpoint

EndpointUrl = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=2048,
        description="https, a public host, no redirects.",
        examples=["https://example.com/webhooks"],
    ),
]
Events = Annotated[
    tuple[EventPattern, ...],
    Meta(min_length=1, max_length=64, description="Which events are sent.", examples=[["payment.*"]]),
]
Description = Annotated[str, Meta(max_length=500)]
TimeoutSeconds = Annotated[int, Meta(ge=1, le=30, description="How long an attempt may take.")]
InFlight = Annotated[int, Meta(ge=1, le=64, description="Attempts under way at once, in each of our processes.")]
Rate = Annotated[int, Meta(ge=1, le=10_000, description="Attempts a second, in each of our processes.")]
SigningSecret = Annotated[
    str, Meta(max_length=128, description="A secret to use, `whsec_...`; none: one is made and shown once.")
]
Id = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_.-]+$", max_length=64)]
Time = Annotated[datetime, Meta(tz=True)]


class CreateEndpoint(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A webhook endpoint to create."""

    url: EndpointUrl
    events: Events = ("*",)
    description: Description = ""
    ordering: Annotated[
        WebhookOrdering, Meta(description="`payment`: the events of one payment are delivered strictly in order.")
    ] = WebhookOrdering.NONE
    retries: Annotated[RetrySchedule | None, Meta(description="None: what the merchant's configuration says.")] = None
    timeout_s: TimeoutSeconds = 15
    max_in_flight: InFlight = 16
    rate_per_s: Rate | None = None
    secret: SigningSecret | None = None

    def new_endpoint(self) -> NewEndpoint:
        """As the operation takes it."""
        return NewEndpoint(
            url=self.url,
            events=self.events,
            description=self.description,
            ordering=self.ordering,
            retry_policy=self.retries.policy() if self.retries else None,
            timeout_s=self.timeout_s,
            max_in_flight=self.max_in_flight,
            rate_per_s=self.rate_per_s,
            secret=self.secret,
        )


class ChangeEndpoint(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to change of an endpoint; what is left out stays as it is."""

    url: EndpointUrl | UnsetType = UNSET
    events: Events | UnsetType = UNSET
    description: Description | UnsetType = UNSET
    ordering: WebhookOrdering | UnsetType = UNSET
    retries: RetrySchedule | UnsetType | None = UNSET
    timeout_s: TimeoutSeconds | UnsetType = UNSET
    max_in_flight: InFlight | UnsetType = UNSET
    rate_per_s: Rate | UnsetType | None = UNSET

    def changes(self) -> dict[str, Any]:
        """By the endpoint's own names."""
        given = {name: value for name, value in msgspec.structs.asdict(self).items() if value is not UNSET}
        if "retries" in given:
            retries = given.pop("retries")
            given["retry_policy"] = retries.policy() if retries else None
        return given


class RotateSecret(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """For ``overlap_s`` the old secret signs beside the new one."""

    overlap_s: Annotated[int, Meta(ge=0, le=604_800)] = 86_400
    secret: SigningSecret | None = None


class CreateReplay(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which finished deliveries to send again: by default everything that failed for good."""

    states: Annotated[tuple[DeliveryState, ...], Meta(min_length=1, max_length=3)] = (DeliveryState.DEAD,)
    endpoint_id: Id | None = None
    payment_id: Id | None = None
    events: Annotated[tuple[EventPattern, ...], Meta(max_length=64)] = ()
    since: Annotated[Time | None, Meta(description="Deliveries that were recorded at or after this time.")] = None
    until: Annotated[Time | None, Meta(description="Deliveries that were recorded before this time.")] = None

    def selection(self) -> Selection:
        """As the operation takes it."""
        return Selection(
            states=self.states,
            endpoint_id=self.endpoint_id,
            aggregate_id=self.payment_id,
            events=self.events,
            since=self.since,
            until=self.until,
        )


class AdminReplay(CreateReplay, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The same for a merchant that an operator names."""

    merchant_id: Id
    livemode: bool = False
