"""One endpoint in one process: what waits, what is under way, and how it is doing."""

from collections import deque
from datetime import UTC, datetime
from typing import NamedTuple

from notifications.domain.delivery import Claim
from notifications.domain.endpoint import Endpoint
from notifications.domain.health import Health


class Queued(NamedTuple):
    """A claim that waits for its turn; ``lease_ends`` is on the monotonic clock."""

    claim: Claim
    lease_ends: float


class Lane:
    """Each endpoint has its own, so that none waits behind another one's time-outs."""

    __slots__ = ("endpoint", "health", "paced", "running", "starts_at", "touched_at", "waiting")

    def __init__(self, endpoint: Endpoint, now: float) -> None:
        self.endpoint = endpoint
        self.health = _stored_health(endpoint, now)
        self.waiting: deque[Queued] = deque()
        self.running = 0
        self.starts_at = 0.0
        self.paced = False
        self.touched_at = now

    def refresh(self, endpoint: Endpoint, now: float) -> None:
        """Take a newer definition; an edit begins with a clean slate, everything else keeps what was seen here."""
        self.touched_at = now
        if endpoint.version != self.endpoint.version:
            self.health = _stored_health(endpoint, now)
            self.endpoint = endpoint

    @property
    def idle(self) -> bool:
        """Whether it may be forgotten."""
        return not self.running and not self.waiting

    def room(self, now: float) -> int:
        """How many more claims to take: enough for the next round while this one is under way."""
        if self.health.blocked_until > now:
            return 0
        limit = self.health.in_flight_max(self.endpoint.max_in_flight)
        ahead = 1 if limit == 1 else 2 * limit
        return max(ahead - self.running - len(self.waiting), 0)

    def may_start(self, now: float) -> bool:
        """Whether the next waiting claim may be attempted now."""
        return (
            bool(self.waiting)
            and self.running < self.health.in_flight_max(self.endpoint.max_in_flight)
            and self.starts_at <= now
        )

    def started(self, now: float) -> None:
        """Count an attempt that begins, and keep the pace that the endpoint allows."""
        self.running += 1
        self.touched_at = now
        if self.endpoint.rate_per_s:
            self.starts_at = max(self.starts_at, now) + 1 / self.endpoint.rate_per_s


def _stored_health(endpoint: Endpoint, now: float) -> Health:
    if endpoint.blocked_until is None:
        return Health(failures=endpoint.failures)
    rest_s = (endpoint.blocked_until - datetime.now(UTC)).total_seconds()
    return Health(failures=endpoint.failures, blocked_until=now + max(rest_s, 0.0))
