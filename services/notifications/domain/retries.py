"""When a delivery is attempted again."""

from florin.contracts.merchant_config import RetryPolicy

JITTER = 0.2
"""Pauses vary by a fifth, so that what failed together does not come back together."""

RETRY_AFTER_MAX_S = 86_400.0
"""The longest Retry-After that is honoured for one delivery."""


def pause_before(policy: RetryPolicy, attempt: int) -> float | None:
    """Seconds between attempt ``attempt - 1`` and ``attempt`` (from 2), without jitter; None: there is no such one."""
    if attempt > policy.max_attempts:
        return None
    schedule = policy.schedule_seconds
    if schedule:
        return float(schedule[min(attempt - 2, len(schedule) - 1)])
    doublings = min(attempt - 2, 32)  # 2**32 seconds is past every maximum; the power itself must stay small
    return float(min(policy.initial_backoff_seconds * 2**doublings, policy.max_backoff_seconds))


def jittered(pause_s: float, chance: float) -> float:
    """A pause moved by up to JITTER; ``chance`` is uniform in [0, 1)."""
    return pause_s * (1 + JITTER * (2 * chance - 1))
