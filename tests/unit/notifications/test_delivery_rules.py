"""The rules of delivery against what they promise."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import pairwise

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from florin.contracts.merchant_config import STANDARD_RETRIES, RetryPolicy
from notifications.domain.endpoint import matches
from notifications.domain.health import (
    FAILURES_TO_BLOCK,
    FIRST_BLOCK_S,
    LONGEST_ASKED_BLOCK_S,
    LONGEST_BLOCK_S,
    Health,
    observe,
)
from notifications.domain.outcome import DeadReason, DeliveryState, Failure, Outcome, judge, parse_retry_after
from notifications.domain.payload import MAX_BODY_BYTES, encode_payload
from notifications.domain.retries import JITTER, RETRY_AFTER_MAX_S, jittered, pause_before

SCHEDULE_S = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400]
chances = st.floats(0, 1, exclude_max=True)
policies = st.builds(
    RetryPolicy,
    max_attempts=st.integers(1, 50),
    initial_backoff_seconds=st.integers(1, 2_592_000),
    max_backoff_seconds=st.integers(1, 2_592_000),
    schedule_seconds=st.lists(st.integers(1, 2_592_000), max_size=49).map(tuple),
)
outcomes = st.builds(
    Outcome,
    status=st.none() | st.integers(100, 999),
    failure=st.none() | st.sampled_from(Failure),
    retry_after_s=st.none() | st.floats(0, 10_000_000),
)


def test_the_standard_schedule_is_that_of_standard_webhooks() -> None:
    assert [pause_before(STANDARD_RETRIES, attempt) for attempt in range(2, 11)] == SCHEDULE_S
    assert pause_before(STANDARD_RETRIES, 11) is None


@given(policies)
def test_a_policy_allows_exactly_its_attempts(policy: RetryPolicy) -> None:
    for attempt in range(2, policy.max_attempts + 1):
        pause_s = pause_before(policy, attempt)
        assert pause_s is not None
        assert pause_s >= 1
    assert pause_before(policy, policy.max_attempts + 1) is None


@given(policies.filter(lambda policy: not policy.schedule_seconds))
def test_pauses_double_up_to_the_longest(policy: RetryPolicy) -> None:
    pauses = [pause_before(policy, attempt) or 0.0 for attempt in range(2, policy.max_attempts + 1)]
    longest = policy.max_backoff_seconds
    for before, after in pairwise(pauses):
        assert after == min(before * 2, longest)
    assert all(pause_s <= longest for pause_s in pauses)


@given(st.floats(1, 1e6), chances)
def test_jitter_stays_within_a_fifth(pause_s: float, chance: float) -> None:
    assert pause_s * (1 - JITTER) - 1e-6 <= jittered(pause_s, chance) <= pause_s * (1 + JITTER) + 1e-6


@given(outcomes, policies, st.integers(1, 60), chances)
def test_a_verdict_is_one_of_three(outcome: Outcome, policy: RetryPolicy, attempt: int, chance: float) -> None:
    verdict = judge(outcome, attempt=attempt, policy=policy, chance=chance)
    is_success = outcome.failure is None and outcome.status is not None and 200 <= outcome.status < 300
    assert (verdict.state is DeliveryState.DELIVERED) == is_success
    if is_success:
        return
    if outcome.status == 410 and outcome.failure is None:
        assert verdict.disables_endpoint
        assert verdict.reason is DeadReason.ENDPOINT_GONE
        return
    assert not verdict.disables_endpoint
    if attempt >= policy.max_attempts:
        assert verdict.state is DeliveryState.DEAD
        assert verdict.reason is DeadReason.ATTEMPTS_EXHAUSTED
    else:
        assert verdict.state is DeliveryState.PENDING
        assert verdict.pause_s >= min(outcome.retry_after_s or 0.0, RETRY_AFTER_MAX_S)
        assert verdict.pause_s >= (pause_before(policy, attempt + 1) or 0.0) * (1 - JITTER) - 1e-6


@given(policies, chances)
def test_every_delivery_comes_to_an_end(policy: RetryPolicy, chance: float) -> None:
    failing = Outcome(status=500)
    states = [judge(failing, attempt=n, policy=policy, chance=chance).state for n in range(1, policy.max_attempts + 1)]
    assert states[:-1] == [DeliveryState.PENDING] * (policy.max_attempts - 1)
    assert states[-1] is DeliveryState.DEAD


@pytest.mark.parametrize("status", [301, 302, 307, 308, 304])
def test_a_redirect_fails(status: int) -> None:
    assert judge(Outcome(status=status), attempt=1, policy=STANDARD_RETRIES, chance=0.5).state is DeliveryState.PENDING


@given(st.integers(0, 10**14))
def test_retry_after_in_seconds(seconds: int) -> None:
    assert parse_retry_after(f" {seconds} ", datetime.now(UTC)) == min(float(seconds), RETRY_AFTER_MAX_S)


@given(st.integers(-100_000, 1_000_000))
def test_retry_after_as_a_date(seconds: int) -> None:
    now = datetime(2026, 1, 31, 12, 0, 0, tzinfo=UTC)
    header = format_datetime(now + timedelta(seconds=seconds), usegmt=True)
    assert parse_retry_after(header, now) == min(max(seconds, 0), RETRY_AFTER_MAX_S)


@given(st.text())
def test_any_retry_after_is_read_or_ignored(header: str) -> None:
    parsed = parse_retry_after(header, datetime.now(UTC))
    assert parsed is None or 0 <= parsed <= RETRY_AFTER_MAX_S


@given(st.lists(st.tuples(outcomes, st.floats(0, 30), st.floats(0, 600), chances), max_size=15))
def test_health_is_bounded_and_recovers(attempts: list[tuple[Outcome, float, float, float]]) -> None:
    health, now = Health(), 1000.0
    for outcome, duration_s, pause_s, chance in attempts:
        began, now = now, now + duration_s
        health = observe(health, outcome, began=began, ended=now, chance=chance)
        longest = max(LONGEST_BLOCK_S * (1 + JITTER), LONGEST_ASKED_BLOCK_S)
        assert health.blocked_until - now <= longest + 1e-6
        if outcome.delivered:  # one at a time here: none began before the last block
            assert health.failures == 0
            assert health.blocked_until == 0.0
            assert health.in_flight_max(16) >= 2
        elif health.failing:
            assert health.blocked_until > began
            assert health.in_flight_max(16) == 1
        now += pause_s


def test_failures_in_a_row_block_longer_and_longer() -> None:
    health, now, rests = Health(), 0.0, []
    for _ in range(20):
        health = observe(health, Outcome(status=500), began=now, ended=now, chance=0.5)
        rests.append(health.blocked_until - now if health.blocked_until else 0.0)
        now = max(health.blocked_until, now)
    assert rests[: FAILURES_TO_BLOCK - 1] == [0.0] * (FAILURES_TO_BLOCK - 1)
    assert rests[FAILURES_TO_BLOCK - 1] == FIRST_BLOCK_S
    assert rests[FAILURES_TO_BLOCK] == FIRST_BLOCK_S * 2
    assert rests[-1] == LONGEST_BLOCK_S


def test_attempts_that_were_under_way_when_it_blocked_add_nothing() -> None:
    health = Health(failures=FAILURES_TO_BLOCK - 1)
    for ended in (10.0, 10.1, 10.2):
        health = observe(health, Outcome(failure=Failure.TIMED_OUT), began=0.0, ended=ended, chance=0.5)
    assert health.failures == FAILURES_TO_BLOCK
    assert health.blocked_until == 10.0 + FIRST_BLOCK_S


def test_a_success_from_before_does_not_lift_a_block() -> None:
    blocked = observe(Health(), Outcome(status=429, retry_after_s=60.0), began=0.0, ended=1.0, chance=0.5)
    late = observe(blocked, Outcome(status=200), began=0.5, ended=1.5, chance=0.5)
    assert late.blocked_until == 61.0


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_one_answer_that_asks_for_less_is_heard(status: int) -> None:
    asked = observe(Health(), Outcome(status=status, retry_after_s=42.0), began=0.0, ended=1.0, chance=0.5)
    assert asked.blocked_until == 43.0
    unsaid = observe(Health(), Outcome(status=status), began=0.0, ended=1.0, chance=0.5)
    assert unsaid.blocked_until == 1.0 + FIRST_BLOCK_S


@pytest.mark.parametrize(
    ("pattern", "event_type", "expected"),
    [
        ("*", "payment.captured", True),
        ("payment.*", "payment.captured", True),
        ("payment.*", "payments.captured", False),
        ("payment.*", "refund.payment.x", False),
        ("payment.captured", "payment.captured", True),
        ("payment.captured", "payment.captured_late", False),
        ("refund.*", "payment.captured", False),
    ],
)
def test_event_filters(pattern: str, event_type: str, *, expected: bool) -> None:
    assert matches(pattern, event_type) is expected


@given(st.dictionaries(st.text(max_size=50), st.text(max_size=500), max_size=100))
def test_payloads_have_their_shape_and_are_never_too_large(data: dict[str, str]) -> None:
    body = encode_payload(
        "payment.captured", datetime(2026, 1, 1, tzinfo=UTC), "pay_1", msgspec.Raw(msgspec.json.encode(data))
    )
    assert len(body) < MAX_BODY_BYTES
    payload = msgspec.json.decode(body)
    assert set(payload) == {"type", "timestamp", "data"}
    assert payload["timestamp"] == "2026-01-01T00:00:00Z"
    assert payload["data"] in (data, {"id": "pay_1", "truncated": True})


def test_a_snapshot_past_the_limit_is_sent_by_its_id() -> None:
    raw = msgspec.Raw(msgspec.json.encode({"id": "pay_1", "metadata": "x" * MAX_BODY_BYTES}))
    body = encode_payload("payment.captured", datetime(2026, 1, 1, tzinfo=UTC), "pay_1", raw)
    assert msgspec.json.decode(body)["data"] == {"id": "pay_1", "truncated": True}
