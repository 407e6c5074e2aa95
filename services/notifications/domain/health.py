"""How an endpoint is doing: one that keeps failing is asked rarely and singly, until it answers again.

This slows the whole endpoint, beside the schedule of each delivery: ten thousand deliveries to a dead receiver cost
one attempt in five minutes, not ten thousand time-outs.
"""

from msgspec import Struct
from msgspec.structs import replace

from notifications.domain.outcome import Outcome
from notifications.domain.retries import jittered

FAILURES_TO_BLOCK = 5
FIRST_BLOCK_S = 5.0
LONGEST_BLOCK_S = 300.0
LONGEST_ASKED_BLOCK_S = 3_600.0
SLOW_S = 2.0
SLOW_IN_FLIGHT = 2
_NEW_SHARE = 0.3  # of the newest attempt in the average duration


class Health(Struct, frozen=True):
    """Times are seconds of one clock, which the caller chooses.

    ``changed_at``: when it was blocked last; attempts that had begun before say nothing about the time after.
    """

    failures: int = 0
    blocked_until: float = 0.0
    changed_at: float = 0.0
    average_s: float = 0.0

    @property
    def failing(self) -> bool:
        """Whether only one attempt at a time is made, to find out."""
        return self.failures >= FAILURES_TO_BLOCK

    @property
    def slow(self) -> bool:
        """Whether it answers so slowly that it must not take others' room."""
        return self.average_s > SLOW_S

    def in_flight_max(self, limit: int) -> int:
        """How many attempts may be under way at once, of ``limit``."""
        if self.failing:
            return 1
        return min(limit, SLOW_IN_FLIGHT) if self.slow else limit


def observe(health: Health, outcome: Outcome, *, began: float, ended: float, chance: float) -> Health:
    """Health after an attempt that took from ``began`` to ``ended``."""
    average_s = health.average_s + _NEW_SHARE * (ended - began - health.average_s)
    if began < health.changed_at:
        return replace(health, average_s=average_s)
    if outcome.delivered:
        return Health(changed_at=health.changed_at, average_s=average_s)
    failures = health.failures + 1
    block_s = 0.0
    if failures >= FAILURES_TO_BLOCK or outcome.slows:
        doublings = min(max(failures - FAILURES_TO_BLOCK, 0), 16)
        block_s = jittered(min(FIRST_BLOCK_S * 2**doublings, LONGEST_BLOCK_S), chance)
    if outcome.slows and outcome.retry_after_s is not None:
        block_s = max(
            min(outcome.retry_after_s, LONGEST_ASKED_BLOCK_S), block_s if failures >= FAILURES_TO_BLOCK else 0
        )
    if not block_s:
        return Health(failures=failures, changed_at=health.changed_at, average_s=average_s)
    return Health(failures=failures, blocked_until=ended + block_s, changed_at=ended, average_s=average_s)
