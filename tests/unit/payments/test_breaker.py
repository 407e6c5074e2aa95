"""The circuit breaker, under a clock of its own."""

from florin.contracts.connector import Breaker
from payments.domain.declines import normalize
from payments.domain.outcome import Approved, Declined, NotSent, Outcome, Unknown
from payments.gateways.breaker import CircuitBreaker

LOST = Unknown("no answer")
REFUSED = NotSent("no connection")
THROTTLED = NotSent("throttled", retry_after_s=1)
DONE = Approved("acq-1", 1000, "EUR")
DECLINED = Declined(normalize("05"))


class Breaking:
    """A breaker that opens after three failures for ten seconds."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.breaker = CircuitBreaker(Breaker(failure_threshold=3, open_seconds=10), lambda: self.now)

    def record(self, *outcomes: Outcome) -> "Breaking":
        for outcome in outcomes:
            self.breaker.record(outcome)
        return self

    def allows(self) -> bool:
        return self.breaker.allows()


def test_failures_in_a_row_open_it() -> None:
    it = Breaking().record(LOST, REFUSED)
    assert it.allows()
    it.record(LOST)
    assert it.breaker.open
    assert not it.allows()


def test_any_answer_begins_the_count_anew() -> None:
    for answer in (DONE, DECLINED, THROTTLED):
        assert Breaking().record(LOST, LOST, answer, LOST, LOST).allows()


def test_after_its_pause_one_call_tries() -> None:
    it = Breaking().record(LOST, LOST, LOST)
    it.now += 9.9
    assert not it.allows()
    it.now += 0.2
    assert it.allows()
    assert not it.allows(), "one at a time"


def test_trial_that_succeeds_closes_it() -> None:
    it = Breaking().record(LOST, LOST, LOST)
    it.now += 10
    assert it.allows()
    it.record(DONE)
    assert not it.breaker.open
    assert it.allows()
    assert it.allows()


def test_trial_that_fails_begins_another_pause() -> None:
    it = Breaking().record(LOST, LOST, LOST)
    it.now += 10
    assert it.allows()
    it.record(REFUSED)
    assert not it.allows()
    it.now += 10
    assert it.allows()
