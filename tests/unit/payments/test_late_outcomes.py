"""The acquirer did what had been given up: it is recorded, and given back where the payment went on without it."""

from tests.support.payment_rules import CARD, DO_NOT_HONOR, NOT_SENT, Life, authorized, captured

from payments.domain.answer_pending import AnswerPending, answer_pending
from payments.domain.decision import unchanged
from payments.domain.outcome import NotFound, Unknown
from payments.domain.payment import CaptureMethod, Operation
from payments.domain.snapshot import view_payment
from payments.domain.states import Status


def owed(life: Life) -> list[Operation]:
    return [o for o in life.payment.operations() if o.repairing and o.open]


def test_late_charge_is_refunded() -> None:
    life = Life()
    life.tell(NotFound(), final=True)
    decision = life.approve()
    assert [event.type for event in decision.events] == ["payment.late_approval_reversed"]
    assert [(o.verb, o.amount_minor) for o in owed(life)] == [("refund", 1000)]
    assert decision.perform == (owed(life)[0].id,)
    assert life.status() is Status.REQUIRES_CONFIRMATION
    assert view_payment(life.payment).captured_minor == 0
    life.approve(operation=owed(life)[0])
    assert {life.balance(name) for name in ("acquirer_receivable", "merchant_payable", "refund_reserve")} == {0}


def test_late_authorization_is_voided() -> None:
    life = Life(capture_method=CaptureMethod.MANUAL)
    life.tell(DO_NOT_HONOR)
    life.approve()
    assert [(o.verb, o.amount_minor) for o in owed(life)] == [("void", 1000)]
    assert life.balance("authorized") == 1000
    life.approve(operation=owed(life)[0])
    assert life.balance("authorized") == 0
    assert life.status() is Status.REQUIRES_PAYMENT_METHOD


def test_what_is_owed_is_never_given_up() -> None:
    life = Life()
    life.tell(NotFound(), final=True)
    life.approve()
    for outcome in (NOT_SENT, NotFound(), NOT_SENT):
        life.tell(outcome, owed(life)[0], final=True)
        assert len(owed(life)) == 1


def test_refused_reversal_needs_a_person() -> None:
    life = Life()
    life.tell(NotFound(), final=True)
    life.approve()
    decision = life.tell(DO_NOT_HONOR, owed(life)[0])
    assert [event.type for event in decision.events] == ["payment.conflicted"]
    assert life.status() is Status.CONFLICTED
    assert (life.balance("merchant_payable"), life.balance("refund_reserve")) == (-1000, 0)


def test_late_capture_is_kept_where_the_merchant_waits() -> None:
    life = authorized()
    life.capture()
    life.tell(NOT_SENT)
    assert life.status() is Status.REQUIRES_CAPTURE
    life.approve()
    assert life.status() is Status.SUCCEEDED
    assert owed(life) == []


def test_late_capture_is_refunded_where_the_merchant_captured_again() -> None:
    life = authorized(1000)
    life.capture(300)
    first = life.operation
    life.tell(NOT_SENT)
    life.capture(300)
    life.approve()
    life.approve(operation=first)
    assert [(o.verb, o.amount_minor, o.capture_id) for o in owed(life)] == [("refund", 300, first.id)]
    view = view_payment(life.payment)
    assert (view.captured_minor, view.capturable_minor, view.refund_pending_minor) == (300, 400, 0)


def test_late_capture_is_refunded_even_while_the_second_one_is_under_way() -> None:
    life = authorized(1000)
    life.capture()
    first = life.operation
    life.tell(NOT_SENT)
    life.capture()
    second = life.operation
    life.approve(operation=first)
    assert len(owed(life)) == 1
    assert [answer.result for answer in life.approve(operation=second).answers] == ["done"]
    assert view_payment(life.payment).captured_minor == 1000
    assert life.status() is Status.SUCCEEDED


def test_late_captures_beyond_the_authorization_are_refunded() -> None:
    life = authorized(1000)
    life.capture(600)
    first = life.operation
    life.tell(NOT_SENT)
    life.capture(600)
    second = life.operation
    life.tell(NOT_SENT)
    life.approve(operation=first)
    assert owed(life) == []
    life.approve(operation=second)
    assert [o.capture_id for o in owed(life)] == [second.id]
    assert view_payment(life.payment).captured_minor == 600


def test_late_capture_of_a_canceled_payment_is_refunded() -> None:
    life = authorized()
    life.capture()
    capture = life.operation
    life.tell(NOT_SENT)
    life.cancel()
    life.approve()
    assert life.status() is Status.CANCELED
    life.approve(operation=capture)
    assert [o.verb for o in owed(life)] == ["refund"]
    assert life.status() is Status.CANCELED
    assert view_payment(life.payment).captured_minor == 0


def test_late_capture_of_an_expired_payment_is_refunded() -> None:
    life = authorized()
    life.capture()
    capture = life.operation
    life.tell(NOT_SENT)
    life.expire()
    life.approve(operation=capture)
    assert [(o.verb, o.capture_id) for o in owed(life)][-1] == ("refund", capture.id)
    assert life.status() is Status.EXPIRED


def test_payment_whose_only_capture_was_given_back_is_over() -> None:
    life = authorized()
    life.capture()
    capture = life.operation
    life.tell(NOT_SENT)
    life.cancel()
    void = life.operation
    life.approve(operation=capture)
    assert [o.verb for o in owed(life)] == ["refund"]
    life.tell(DO_NOT_HONOR, void)
    assert life.status() is Status.CANCELED


def test_late_void_cancels_what_waits_for_a_capture() -> None:
    life = authorized()
    life.cancel("changed my mind")
    life.tell(NOT_SENT)
    assert life.status() is Status.REQUIRES_CAPTURE
    life.approve()
    assert life.status() is Status.CANCELED
    assert life.payment.cancellation_reason == "changed my mind"
    assert life.balance("authorized") == 0


def test_late_void_of_captured_money_is_a_conflict() -> None:
    life = authorized()
    life.cancel()
    void = life.operation
    life.tell(NOT_SENT)
    life.capture()
    life.approve()
    assert life.approve(operation=void).lines == ()
    assert life.status() is Status.CONFLICTED
    assert life.balance("merchant_payable") == -1000


def test_capture_that_meets_a_late_void_is_refunded_and_answered() -> None:
    life = authorized()
    life.cancel()
    void = life.operation
    life.tell(NOT_SENT)
    life.capture()
    capture = life.operation
    life.approve(operation=void)
    assert life.status() is Status.CANCELED
    assert [answer.result for answer in life.approve(operation=capture).answers] == ["failed"]
    assert [o.verb for o in owed(life)] == ["refund"]


def test_capture_that_meets_a_late_void_is_refunded_beside_a_conflict_too() -> None:
    life = authorized()
    life.cancel()
    void = life.operation
    life.tell(NOT_SENT)
    life.capture()
    capture = life.operation
    life.approve(operation=void)
    life.approve(999, operation=life.attempt.authorization)
    assert life.status() is Status.CONFLICTED
    life.approve(operation=capture)
    assert [o.verb for o in owed(life)] == ["refund"]


def test_late_void_of_an_expired_payment_changes_no_status() -> None:
    life = authorized()
    life.cancel()
    void = life.operation
    life.tell(NOT_SENT)
    life.expire()
    assert life.approve(operation=void).events == ()
    assert life.status() is Status.EXPIRED


def test_late_refund_is_reserved_again_and_settled() -> None:
    life = captured(1000)
    life.refund(400)
    life.tell(NOT_SENT)
    life.approve()
    assert (life.balance("merchant_payable"), life.balance("refund_reserve")) == (-600, 0)
    assert view_payment(life.payment).refunded_minor == 400


def test_late_refund_beyond_what_was_captured_needs_a_person() -> None:
    life = captured(1000)
    life.refund()
    first = life.operation
    life.tell(NOT_SENT)
    life.refund()
    life.approve()
    decision = life.approve(operation=first)
    assert [event.type for event in decision.events] == ["refund.succeeded", "payment.conflicted"]
    assert life.status() is Status.CONFLICTED
    assert life.balance("merchant_payable") == 1000


def test_late_approval_does_not_touch_the_next_attempt() -> None:
    life = Life()
    first = life.operation
    life.tell(DO_NOT_HONOR)
    life.confirm(CARD)
    life.approve(operation=first)
    assert life.status() is Status.PROCESSING
    assert [answer.key_id for answer in life.approve(operation=life.operation).answers] == ["key_confirm"]
    assert life.status() is Status.SUCCEEDED


def test_what_was_given_up_stays_so_unless_it_was_done() -> None:
    for given_up in (DO_NOT_HONOR, NOT_SENT):
        life = Life()
        life.tell(given_up)
        for outcome in (DO_NOT_HONOR, NOT_SENT, Unknown("no answer"), NotFound()):
            assert not life.tell(outcome, final=True).changed


def test_reply_is_given_once() -> None:
    life = Life()
    life.tell(Unknown("no answer"))
    context = life.contexts.new("key_create")
    pending = answer_pending(life.payment, AnswerPending(context))
    assert [answer.result for answer in pending.answers] == ["pending"]
    assert answer_pending(pending.payment, AnswerPending(context)) == unchanged(pending.payment)
    life.payment = pending.payment
    assert life.approve().answers == ()


def test_nobody_waits_with_an_empty_key() -> None:
    life = Life()
    life.payment = answer_pending(life.payment, AnswerPending(life.contexts.new("key_create"))).payment
    assert not answer_pending(life.payment, AnswerPending(life.contexts.new())).changed


def test_callback_may_come_before_our_own_answer() -> None:
    life = Life()
    charged = life.approve()
    assert charged.answers[0].result == "done"
    authorization = life.attempt.authorization
    assert not life.tell(Unknown("no answer"), authorization).changed
    assert not life.tell(NOT_SENT, authorization).changed
    assert not life.approve(operation=authorization).changed
