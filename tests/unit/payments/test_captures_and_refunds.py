"""Amounts in parts, in currencies of 0, 2 and 3 decimals, and what the ledger says of them."""

import pytest
from tests.support.payment_rules import DO_NOT_HONOR, NOT_SENT, TWO_STEPS, Life, authorized, captured

from florin.money import EXPONENTS
from payments.domain.outcome import Approved, Unknown
from payments.domain.payment import CaptureMethod
from payments.domain.snapshot import view_payment
from payments.domain.states import Status


@pytest.mark.parametrize("currency", ["JPY", "EUR", "KWD"])
def test_currency_of_any_decimals_is_charged_and_refunded(currency: str) -> None:
    life = Life(amount_minor=1999, currency=currency, exponent=EXPONENTS[currency])
    life.approve(fee_minor=9)
    life.refund(999)
    life.approve()
    view = view_payment(life.payment)
    assert (view.captured_minor, view.refunded_minor, view.currency, view.exponent) == (
        1999,
        999,
        currency,
        EXPONENTS[currency],
    )
    assert {line.currency for decision in life.decisions for line in decision.lines} == {currency}
    assert life.balance("acquirer_receivable") == 1999 - 9 - 999
    assert life.balance("merchant_payable") == -(1999 - 999)
    assert life.balance("acquirer_fees") == 9


def test_partial_approval_charges_what_was_approved() -> None:
    life = Life(amount_minor=1000)
    life.approve(600)
    assert life.status() is Status.PARTIALLY_CAPTURED
    assert life.balance("merchant_payable") == -600


def test_partial_approval_of_a_manual_payment_bounds_its_captures() -> None:
    life = Life(amount_minor=1000, capture_method=CaptureMethod.MANUAL)
    life.approve(600)
    assert view_payment(life.payment).capturable_minor == 600
    life.capture()
    assert life.operation.amount_minor == 600


def test_automatic_payment_is_captured_in_a_second_step_where_the_acquirer_needs_two() -> None:
    life = Life(routes=TWO_STEPS)
    decision = life.approve()
    assert decision.answers == ()
    assert [event.type for event in decision.events] == ["payment.authorized"]
    assert decision.perform == (life.operation.id,)
    assert [answer.key_id for answer in life.approve().answers] == ["key_create"]
    assert life.status() is Status.SUCCEEDED
    assert life.balance("authorized") == 0


def test_conflicted_payment_is_not_captured_in_a_second_step() -> None:
    life = Life(amount_minor=1000, routes=TWO_STEPS)
    life.tell(Approved("acq", 1000, "USD"))
    assert life.approve().perform == ()
    assert life.status() is Status.CONFLICTED
    assert life.balance("authorized") == 1000


def test_captures_in_parts_leave_the_rest_held() -> None:
    life = authorized(1000)
    for amount_minor, held_minor in ((300, 700), (200, 500)):
        life.capture(amount_minor)
        life.approve()
        assert life.balance("authorized") == held_minor
    assert life.status() is Status.PARTIALLY_CAPTURED_AND_CAPTURABLE
    life.capture()
    life.approve()
    assert life.status() is Status.SUCCEEDED
    assert life.balance("authorized") == 0
    assert life.attempt.closed_at is not None


def test_final_capture_gives_the_rest_up() -> None:
    life = authorized(1000)
    life.capture(300, final=True)
    life.approve()
    assert life.status() is Status.PARTIALLY_CAPTURED
    assert life.balance("authorized") == 0


def test_rest_stays_capturable_while_another_capture_may_fail() -> None:
    life = authorized(1000)
    life.capture(600)
    first = life.operation
    life.capture()
    assert not life.operation.final
    life.approve()
    life.tell(NOT_SENT, first)
    assert view_payment(life.payment).capturable_minor == 600


def test_expiry_after_a_partial_capture_releases_the_rest() -> None:
    life = authorized(1000)
    life.capture(300)
    life.approve()
    decision = life.expire()
    assert decision.perform == ()
    assert life.status() is Status.PARTIALLY_CAPTURED
    assert life.balance("authorized") == 0


def test_expiry_waits_while_a_capture_is_under_way() -> None:
    life = authorized(1000)
    life.capture(300)
    assert not life.expire().changed


def test_expiry_voids_what_was_never_captured() -> None:
    life = authorized(1000)
    decision = life.expire()
    assert life.status() is Status.EXPIRED
    assert decision.perform == (life.operation.id,)
    assert (life.operation.verb, life.operation.repairing) == ("void", True)
    assert life.balance("authorized") == 0
    assert life.approve().events == ()


def test_refund_is_reserved_until_the_acquirer_has_answered() -> None:
    life = captured(1000)
    life.refund(400)
    assert (life.balance("merchant_payable"), life.balance("refund_reserve")) == (-600, -400)
    life.tell(DO_NOT_HONOR)
    assert (life.balance("merchant_payable"), life.balance("refund_reserve")) == (-1000, 0)


def test_refund_in_part_returns_what_the_acquirer_kept() -> None:
    life = captured(1000)
    life.refund(400)
    life.approve(250)
    assert (life.balance("merchant_payable"), life.balance("refund_reserve")) == (-750, 0)
    assert life.balance("acquirer_receivable") == 750
    assert view_payment(life.payment).refunded_minor == 250


def test_refund_gives_its_share_of_the_fee_back() -> None:
    life = captured(1000)
    life.refund()
    life.approve(fee_minor=-3)
    assert life.balance("acquirer_fees") == -3
    assert life.balance("acquirer_receivable") == 3


def test_merchants_reason_outlives_the_acquirers_silence() -> None:
    life = captured(1000)
    life.refund(reason="damaged")
    life.tell(Unknown("time-out"))
    assert (life.operation.reason, life.operation.failure) == ("damaged", "time-out")
    life.approve()
    assert view_payment(life.payment).refunds[0].reason == "damaged"
    held = authorized()
    held.cancel("out of stock")
    held.tell(Unknown("time-out"))
    held.approve()
    assert held.payment.cancellation_reason == "out of stock"


def test_refund_names_the_capture_where_there_is_one() -> None:
    life = captured(1000)
    charge = life.operation
    life.refund(100)
    assert life.operation.capture_id == charge.id
    parts = authorized(1000)
    for amount_minor in (500, 500):
        parts.capture(amount_minor)
        parts.approve()
    parts.refund(800)
    assert parts.operation.capture_id == ""


@pytest.mark.parametrize(
    "outcome", [Approved("acq", 1001, "EUR"), Approved("acq", 1000, "USD"), Approved("acq", 0, "EUR")]
)
def test_amount_or_currency_that_was_not_asked_for_is_a_conflict(outcome: Approved) -> None:
    life = Life(amount_minor=1000)
    decision = life.tell(outcome)
    assert life.status() is Status.CONFLICTED
    assert life.payment.conflict.endswith(".")
    assert decision.lines == ()
    assert [answer.result for answer in decision.answers] == ["pending"]
    assert [event.type for event in decision.events] == ["payment.conflicted"]
    assert not life.tell(outcome).changed


def test_second_amount_for_the_same_operation_is_a_conflict() -> None:
    life = Life(amount_minor=1000)
    authorization = life.operation
    life.approve(600)
    assert not life.approve(600, authorization).changed
    decision = life.approve(700, authorization)
    assert life.status() is Status.CONFLICTED
    assert (decision.lines, decision.answers) == ((), ())


def test_decline_after_approval_is_a_conflict() -> None:
    life = captured()
    life.tell(DO_NOT_HONOR)
    assert life.status() is Status.CONFLICTED
    assert life.balance("merchant_payable") == -1000
