"""What each status does not allow, and the sentence that says so."""

import itertools
from collections.abc import Callable

import pytest
from tests.support.payment_rules import DO_NOT_HONOR, NOT_SENT, ONE_ROUTE, Life, authorized, captured

from payments.domain.decision import Decision
from payments.domain.errors import (
    AmountNotPositive,
    CaptureExceedsAuthorized,
    NoRoute,
    OperationInFlight,
    PaymentMethodMissing,
    PaymentStateConflict,
    RefundExceedsCaptured,
)
from payments.domain.outcome import Approved, Unknown
from payments.domain.payment import CaptureMethod
from payments.domain.states import MEANING, TRANSITIONS, Status


def without_card() -> Life:
    return Life(card=None, routes=None)


def unconfirmed() -> Life:
    return Life(routes=None)


def processing() -> Life:
    return Life()


def unknown() -> Life:
    life = Life()
    life.tell(Unknown("no answer"))
    return life


def partly_captured() -> Life:
    life = authorized()
    life.capture(400)
    life.approve()
    return life


def captured_in_part_for_good() -> Life:
    life = authorized()
    life.capture(400, final=True)
    life.approve()
    return life


def canceled() -> Life:
    life = authorized()
    life.cancel()
    life.approve()
    return life


def expired() -> Life:
    life = authorized()
    life.expire()
    return life


def conflicted() -> Life:
    life = authorized()
    life.tell(Approved("acq", 500, "EUR"))
    return life


STATES: dict[Status, Callable[[], Life]] = {
    Status.REQUIRES_PAYMENT_METHOD: without_card,
    Status.REQUIRES_CONFIRMATION: unconfirmed,
    Status.PROCESSING: processing,
    Status.OUTCOME_UNKNOWN: unknown,
    Status.REQUIRES_CAPTURE: authorized,
    Status.PARTIALLY_CAPTURED_AND_CAPTURABLE: partly_captured,
    Status.PARTIALLY_CAPTURED: captured_in_part_for_good,
    Status.SUCCEEDED: captured,
    Status.CANCELED: canceled,
    Status.EXPIRED: expired,
    Status.CONFLICTED: conflicted,
}
REQUESTS: dict[str, Callable[[Life], Decision]] = {
    "confirm": Life.confirm,
    "capture": Life.capture,
    "cancel": Life.cancel,
    "refund": Life.refund,
}
ALLOWED = {
    (Status.REQUIRES_PAYMENT_METHOD, "confirm"),
    (Status.REQUIRES_PAYMENT_METHOD, "cancel"),
    (Status.REQUIRES_CONFIRMATION, "confirm"),
    (Status.REQUIRES_CONFIRMATION, "cancel"),
    (Status.REQUIRES_CAPTURE, "capture"),
    (Status.REQUIRES_CAPTURE, "cancel"),
    (Status.PARTIALLY_CAPTURED_AND_CAPTURABLE, "capture"),
    (Status.PARTIALLY_CAPTURED_AND_CAPTURABLE, "refund"),
    (Status.PARTIALLY_CAPTURED, "refund"),
    (Status.SUCCEEDED, "refund"),
}


@pytest.mark.parametrize("status", STATES)
def test_status_is_derived(status: Status) -> None:
    assert STATES[status]().status() is status


@pytest.mark.parametrize(
    ("status", "request_name"), [pair for pair in itertools.product(STATES, REQUESTS) if pair not in ALLOWED]
)
def test_illegal_request_is_refused_with_a_sentence(status: Status, request_name: str) -> None:
    life = STATES[status]()
    before = life.payment
    in_flight = request_name == "cancel" and status in (Status.PROCESSING, Status.OUTCOME_UNKNOWN)
    with pytest.raises(OperationInFlight if in_flight else PaymentStateConflict) as refusal:
        REQUESTS[request_name](life)
    assert status in refusal.value.detail
    assert refusal.value.detail.endswith(".")
    assert refusal.value.extensions == {"payment_status": status}
    assert life.payment is before


@pytest.mark.parametrize(("status", "request_name"), sorted(ALLOWED - {(Status.REQUIRES_PAYMENT_METHOD, "confirm")}))
def test_legal_request_is_decided(status: Status, request_name: str) -> None:
    life = STATES[status]()
    version = life.payment.version
    assert REQUESTS[request_name](life).changed
    assert life.payment.version == version + 1


def test_every_status_has_a_sentence_and_transitions() -> None:
    assert set(MEANING) == set(TRANSITIONS) == set(Status)


def test_confirmation_needs_a_card() -> None:
    with pytest.raises(PaymentMethodMissing):
        without_card().confirm()
    with pytest.raises(PaymentMethodMissing):
        Life(card=None, routes=ONE_ROUTE)


def test_confirmation_needs_a_route() -> None:
    with pytest.raises(NoRoute):
        unconfirmed().confirm(routes=())


def test_declined_card_is_forgotten() -> None:
    life = Life()
    life.tell(DO_NOT_HONOR)
    assert life.status() is Status.REQUIRES_PAYMENT_METHOD
    with pytest.raises(PaymentMethodMissing):
        life.confirm()


def test_card_that_no_acquirer_saw_is_kept() -> None:
    life = Life()
    life.tell(NOT_SENT)
    assert life.status() is Status.REQUIRES_CONFIRMATION
    life.confirm()
    assert life.status() is Status.PROCESSING


@pytest.mark.parametrize("amount_minor", [0, -1])
def test_amounts_are_positive(amount_minor: int) -> None:
    with pytest.raises(AmountNotPositive):
        Life(amount_minor=amount_minor)
    with pytest.raises(AmountNotPositive):
        authorized().capture(amount_minor)
    with pytest.raises(AmountNotPositive):
        captured().refund(amount_minor)


def test_capture_is_bounded_by_what_is_authorized() -> None:
    life = authorized(1000)
    with pytest.raises(CaptureExceedsAuthorized, match="At most 1000 may"):
        life.capture(1001)


def test_capture_under_way_counts_as_captured() -> None:
    life = authorized(1000)
    life.capture(600)
    with pytest.raises(CaptureExceedsAuthorized, match="At most 400 may"):
        life.capture(401)
    life.tell(Unknown("no answer"))
    with pytest.raises(CaptureExceedsAuthorized, match="At most 400 may"):
        life.capture(401)


def test_refund_is_bounded_by_what_is_captured() -> None:
    with pytest.raises(RefundExceedsCaptured, match="At most 1000 may"):
        captured(1000).refund(1001)


def test_refund_under_way_counts_as_refunded() -> None:
    life = captured(1000)
    life.refund(700)
    life.tell(Unknown("no answer"))
    with pytest.raises(RefundExceedsCaptured, match="At most 300 may"):
        life.refund(301)


def test_nothing_is_captured_after_the_final_capture_was_asked_for() -> None:
    life = authorized()
    life.capture(100, final=True)
    with pytest.raises(PaymentStateConflict):
        life.capture(100)


def test_automatic_payment_is_not_captured_by_hand() -> None:
    with pytest.raises(PaymentStateConflict):
        Life(capture_method=CaptureMethod.AUTOMATIC).capture()
