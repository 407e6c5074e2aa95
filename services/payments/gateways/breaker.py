"""A circuit breaker: an acquirer that keeps failing is left alone for a while instead of waited for."""

import time
from collections.abc import Callable

from florin.contracts.connector import Breaker
from payments.domain.outcome import NotSent, Outcome, Unknown


class CircuitBreaker:
    """Counts failures in a row. Open, it lets nothing through; after ``open_seconds`` it lets one call try."""

    def __init__(self, policy: Breaker, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._policy = policy
        self._monotonic = monotonic
        self._failures = 0
        self._open_until = 0.0
        self._trying = False

    @property
    def open(self) -> bool:
        """Whether calls are withheld."""
        return self._failures >= self._policy.failure_threshold

    def allows(self) -> bool:
        """Whether a call may be made now; while open, one at a time after the pause."""
        if not self.open:
            return True
        if self._trying or self._monotonic() < self._open_until:
            return False
        self._trying = True
        return True

    def record(self, outcome: Outcome) -> None:
        """Learn from how a call ended. A throttled call (with ``retry_after_s``) is an answer, not a failure."""
        failed = isinstance(outcome, Unknown) or (isinstance(outcome, NotSent) and outcome.retry_after_s is None)
        self._trying = False
        self._failures = self._failures + 1 if failed else 0
        if self.open:
            self._open_until = self._monotonic() + self._policy.open_seconds
