"""What one client may take of a process: bytes, seconds, requests at once, requests a second."""

import time
from collections import OrderedDict
from collections.abc import Callable

import msgspec

from florin.errors import RateLimited


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """Bounds of one process. They hold before any handler runs."""

    body_bytes: int = 262_144
    body_timeout_s: float = 10.0
    """From the end of the head to the end of the body."""
    head_timeout_s: float = 10.0
    """From the first byte of a request to the end of its head."""
    head_bytes: int = 32_768
    concurrent_requests: int = 512
    """More are answered with 503 at once; health and metrics always pass."""


class RateLimiter:
    """A token bucket for each key: ``rate_per_s`` steadily, ``burst`` at once.

    Counts for one process and forgets the keys that were idle longest beyond ``keys_max`` (a forgotten key begins
    with a full bucket, so the bound on memory never refuses anyone).
    """

    def __init__(
        self, *, rate_per_s: float, burst: int, keys_max: int = 10_000, clock: Callable[[], float] = time.monotonic
    ) -> None:
        if rate_per_s <= 0 or burst < 1:
            raise ValueError("A rate limiter needs a positive rate and a burst of at least 1.")
        self._rate_per_s = rate_per_s
        self._burst = float(burst)
        self._keys_max = keys_max
        self._clock = clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()  # key -> tokens, as of when

    def take(self, key: str, tokens: float = 1.0, *, rate_per_s: float | None = None) -> None:
        """Take from the key's bucket. Raises RateLimited with the time until there is enough again.

        ``rate_per_s`` is the key's own rate, with a burst of two seconds of it, in place of the limiter's.
        """
        now = self._clock()
        rate, burst = (self._rate_per_s, self._burst) if rate_per_s is None else (rate_per_s, 2.0 * rate_per_s)
        held, since = self._buckets.pop(key, (burst, now))
        held = min(burst, held + (now - since) * rate)
        allowed = held >= tokens
        self._buckets[key] = (held - tokens if allowed else held, now)
        if len(self._buckets) > self._keys_max:
            self._buckets.popitem(last=False)
        if not allowed:
            wait_s = (tokens - held) / rate
            raise RateLimited(
                f"More than {rate:g} requests a second with this key.",
                retry_after_s=max(1, int(wait_s + 0.999)),
            )
