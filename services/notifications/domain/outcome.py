"""What came of one attempt, and what follows from it for the delivery."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum

from msgspec import Struct

from florin.contracts.merchant_config import RetryPolicy
from notifications.domain.retries import RETRY_AFTER_MAX_S, jittered, pause_before

_GONE = 410
_SLOWING = frozenset({429, 502, 503, 504})


class DeliveryState(StrEnum):
    """``pending`` covers waiting and being attempted; ``dead`` has a reason and can be replayed."""

    PENDING = "pending"
    DELIVERED = "delivered"
    DEAD = "dead"
    CANCELLED = "cancelled"


class Failure(StrEnum):
    """Why an attempt brought no status that counts."""

    TIMED_OUT = "timed_out"
    NAME_NOT_RESOLVED = "name_not_resolved"
    ADDRESS_FORBIDDEN = "address_forbidden"
    CONNECTION_FAILED = "connection_failed"
    TLS_FAILED = "tls_failed"
    CONNECTION_CLOSED = "connection_closed"
    RESPONSE_INVALID = "response_invalid"
    URL_FORBIDDEN = "url_forbidden"
    SECRET_UNAVAILABLE = "secret_unavailable"  # noqa: S105 - a reason, not a secret
    INTERRUPTED = "interrupted"


class DeadReason(StrEnum):
    """Why a delivery is attempted no more."""

    ATTEMPTS_EXHAUSTED = "attempts_exhausted"
    ENDPOINT_GONE = "endpoint_gone"


class Outcome(Struct, frozen=True):
    """One attempt as it went. ``status`` is the receiver's, where it answered; ``detail`` is for a person."""

    status: int | None = None
    failure: Failure | None = None
    detail: str = ""
    retry_after_s: float | None = None
    excerpt: bytes = b""

    @property
    def delivered(self) -> bool:
        """Only 2xx counts; a redirect is a failure, since following it would send the payload elsewhere."""
        return self.failure is None and self.status is not None and 200 <= self.status < 300

    @property
    def slows(self) -> bool:
        """Whether the receiver asks for less, for all that is sent to it."""
        return self.status in _SLOWING


class Verdict(Struct, frozen=True):
    """What becomes of the delivery: ``pause_s`` until the next attempt while it is pending."""

    state: DeliveryState
    pause_s: float = 0.0
    reason: DeadReason | None = None
    disables_endpoint: bool = False


def judge(outcome: Outcome, *, attempt: int, policy: RetryPolicy, chance: float) -> Verdict:
    """The rule of delivery. ``attempt`` counts from 1 since the delivery, or its last replay, began."""
    if outcome.delivered:
        return Verdict(DeliveryState.DELIVERED)
    if outcome.status == _GONE and outcome.failure is None:
        return Verdict(DeliveryState.DEAD, reason=DeadReason.ENDPOINT_GONE, disables_endpoint=True)
    pause_s = pause_before(policy, attempt + 1)
    if pause_s is None:
        return Verdict(DeliveryState.DEAD, reason=DeadReason.ATTEMPTS_EXHAUSTED)
    asked_s = min(outcome.retry_after_s or 0.0, RETRY_AFTER_MAX_S)
    return Verdict(DeliveryState.PENDING, pause_s=max(jittered(pause_s, chance), asked_s))


def parse_retry_after(header: str | None, now: datetime) -> float | None:
    """Seconds of a Retry-After (RFC 9110, section 10.2.3): delay-seconds or an HTTP date; None where it is neither."""
    if header is None:
        return None
    text = header.strip()
    if text.isascii() and text.isdigit():
        return min(float(text[:12]), RETRY_AFTER_MAX_S)
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError):
        return None
    if at.tzinfo is None:  # "-0000": UTC, by RFC 5322
        at = at.replace(tzinfo=UTC)
    return min(max((at - now).total_seconds(), 0.0), RETRY_AFTER_MAX_S)
