"""A delivery: one message on its way to one endpoint."""

from datetime import datetime

from msgspec import Struct

from notifications.domain.outcome import DeliveryState, Outcome, Verdict


class Message(Struct, frozen=True):
    """What is sent for one event: ``id`` is the event's and becomes ``webhook-id``; ``body`` is what is signed."""

    id: str
    livemode: bool
    merchant_id: str
    event_type: str
    aggregate_id: str
    body: bytes
    traceparent: str | None
    occurred_at: datetime


class Delivery(Struct, frozen=True, kw_only=True):
    """A delivery as stored. ``attempting`` says that an attempt is under way, or was when its process died."""

    id: str
    livemode: bool
    merchant_id: str
    endpoint_id: str
    message_id: str
    event_type: str
    aggregate_id: str
    state: DeliveryState
    reason: str | None
    attempts: int
    attempting: bool
    next_attempt_at: datetime | None
    created_at: datetime
    finished_at: datetime | None


class Claim(Struct, frozen=True, kw_only=True):
    """The right to make attempt ``attempt`` of a delivery, until the lease ends.

    ``attempt`` is also the fence: who claims later has a higher one, and only the latest one's verdict counts.
    ``attempts_before`` were made before the last replay.
    """

    delivery_id: str
    endpoint_id: str
    message: Message
    attempt: int
    attempts_before: int = 0

    @property
    def step(self) -> int:
        """Which attempt this is of the present schedule, from 1."""
        return self.attempt - self.attempts_before


class Attempt(Struct, frozen=True, kw_only=True):
    """One request as it was made."""

    delivery_id: str
    number: int
    livemode: bool
    started_at: datetime
    duration_us: int | None
    url: str
    request_headers: dict[str, str]
    outcome: Outcome


class Result(Struct, frozen=True, kw_only=True):
    """An attempt and what follows from it, to be recorded."""

    claim: Claim
    attempt: Attempt
    verdict: Verdict
