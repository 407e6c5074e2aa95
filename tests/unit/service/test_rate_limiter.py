import pytest
from hypothesis import given
from hypothesis import strategies as st

from florin.errors import RateLimited
from florin.service import RateLimiter


class SetClock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_burst_passes_then_the_rate_holds() -> None:
    clock = SetClock()
    limiter = RateLimiter(rate_per_s=2, burst=3, clock=clock)
    for _ in range(3):
        limiter.take("key")
    with pytest.raises(RateLimited) as caught:
        limiter.take("key")
    assert caught.value.retry_after_s == 1
    limiter.take("another key")
    clock.now += 0.5
    limiter.take("key")
    with pytest.raises(RateLimited):
        limiter.take("key")


def test_waiting_as_told_is_enough() -> None:
    clock = SetClock()
    limiter = RateLimiter(rate_per_s=0.2, burst=1, clock=clock)
    limiter.take("key")
    with pytest.raises(RateLimited) as caught:
        limiter.take("key")
    clock.now += caught.value.retry_after_s
    limiter.take("key")


@given(st.lists(st.floats(0, 3), max_size=60), st.floats(0.1, 20), st.integers(1, 10))
def test_no_more_than_burst_and_rate_ever_pass(pauses: list[float], rate: float, burst: int) -> None:
    clock = SetClock()
    limiter = RateLimiter(rate_per_s=rate, burst=burst, clock=clock)
    passed = 0
    for pause in pauses:
        clock.now += pause
        try:
            limiter.take("key")
        except RateLimited:
            continue
        passed += 1
    assert passed <= burst + clock.now * rate + 1e-6


def test_memory_is_bounded_and_forgetting_refuses_nobody() -> None:
    limiter = RateLimiter(rate_per_s=0.001, burst=1, keys_max=100, clock=SetClock())
    for number in range(1000):
        limiter.take(f"key {number}")
    assert len(limiter._buckets) == 100
