"""When another acquirer is tried, and when that would be a second charge or a breach of the schemes' rules."""

import pytest
from tests.support.payment_rules import (
    DO_NOT_HONOR,
    ISSUER_UNAVAILABLE,
    NEVER_AGAIN,
    NOT_SENT,
    ONE_ROUTE,
    TWO_ROUTES,
    Life,
)

from payments.domain.cascade import allows_another_acquirer
from payments.domain.declines import normalize
from payments.domain.outcome import Approved, NotFound, Outcome, Pending, Unknown
from payments.domain.payment import CaptureMethod
from payments.domain.states import Status


@pytest.mark.parametrize("outcome", [ISSUER_UNAVAILABLE, NOT_SENT])
def test_second_acquirer_is_tried_where_the_first_did_nothing(outcome: Outcome) -> None:
    life = Life(routes=TWO_ROUTES)
    decision = life.tell(outcome)
    assert [attempt.route.connector for attempt in life.payment.attempts] == ["first", "second"]
    assert decision.perform == (life.operation.id,)
    assert decision.answers == ()
    assert decision.events == ()
    assert life.approve().answers[0].key_id == "key_create"


@pytest.mark.parametrize("outcome", [DO_NOT_HONOR, NEVER_AGAIN])
def test_issuers_word_is_final(outcome: Outcome) -> None:
    life = Life(routes=TWO_ROUTES)
    life.tell(outcome)
    assert len(life.payment.attempts) == 1
    assert life.payment.routes_left == ()
    assert life.status() is Status.REQUIRES_PAYMENT_METHOD


@pytest.mark.parametrize("outcome", [Unknown("no answer"), Pending(), NotFound()])
def test_unknown_outcome_is_asked_about_and_never_sent_elsewhere(outcome: Outcome) -> None:
    life = Life(routes=TWO_ROUTES)
    decision = life.tell(outcome)
    assert len(life.payment.attempts) == 1
    assert decision.perform == ()
    assert life.status() is Status.OUTCOME_UNKNOWN


def test_not_sent_is_no_proof_about_an_earlier_sending() -> None:
    life = Life(routes=TWO_ROUTES)
    life.tell(Unknown("no answer"))
    assert not life.tell(NOT_SENT).changed
    assert life.status() is Status.OUTCOME_UNKNOWN


def test_not_found_is_a_proof_once_it_is_final() -> None:
    life = Life(routes=TWO_ROUTES)
    life.tell(Unknown("no answer"))
    life.tell(NotFound(), final=True)
    assert [attempt.route.connector for attempt in life.payment.attempts] == ["first", "second"]


def test_last_acquirers_decline_is_the_answer() -> None:
    life = Life(routes=TWO_ROUTES)
    life.tell(ISSUER_UNAVAILABLE)
    decision = life.tell(ISSUER_UNAVAILABLE)
    assert [answer.result for answer in decision.answers] == ["declined"]
    assert life.payment.last_decline == ISSUER_UNAVAILABLE.decline


def test_first_acquirers_late_approval_is_reversed_while_the_second_charges() -> None:
    life = Life(routes=TWO_ROUTES)
    first = life.operation
    life.tell(NOT_SENT)
    life.approve()
    assert life.status() is Status.SUCCEEDED
    decision = life.approve(operation=first)
    assert decision.answers == ()
    assert [life.payment.find_operation(name)[1].verb for name in decision.perform] == ["refund"]  # type: ignore[index]
    assert life.status() is Status.SUCCEEDED
    assert life.balance("acquirer_receivable") == 2000
    assert life.balance("refund_reserve") == -1000


def test_conflicted_payment_goes_to_no_other_acquirer() -> None:
    life = Life(routes=TWO_ROUTES, capture_method=CaptureMethod.MANUAL)
    life.tell(Approved("acq", 5000, "EUR"))
    assert life.status() is Status.CONFLICTED
    decision = life.tell(ISSUER_UNAVAILABLE)
    assert len(life.payment.attempts) == 1
    assert decision.perform == ()


@pytest.mark.parametrize(
    ("code", "allowed"), [("91", True), ("96", True), ("05", False), ("51", False), ("41", False), ("XX", False)]
)
def test_codes_that_allow_a_cascade(code: str, allowed: bool) -> None:
    assert allows_another_acquirer(normalize(code)) == allowed


def test_advice_never_to_retry_forbids_a_cascade() -> None:
    assert not allows_another_acquirer(normalize("91", advice_code="03"))


def test_no_route_is_left_after_success() -> None:
    life = Life(routes=TWO_ROUTES)
    life.approve()
    assert life.payment.routes_left == ()
    assert Life(routes=ONE_ROUTE).payment.routes_left == ()
