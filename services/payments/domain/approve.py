"""The acquirer did it."""

from datetime import timedelta

from msgspec.structs import replace

from payments.domain import ledger
from payments.domain.amounts import held_minor, tally
from payments.domain.changes import advanced, following, put_attempt, put_operation, subject_of
from payments.domain.decision import Announcement, Context, Decision, Result
from payments.domain.events import EventType
from payments.domain.fail import conflict
from payments.domain.outcome import Approved
from payments.domain.payment import Attempt, CaptureMethod, Operation, OperationState, Payment, Verb
from payments.domain.reverse import reverse
from payments.domain.states import Status, status_of

AUTHORIZATION_LIFE = timedelta(days=7)
"""How long an authorisation holds where the acquirer does not say (card not present, by scheme rules)."""


def approve(payment: Payment, attempt: Attempt, operation: Operation, outcome: Approved, context: Context) -> Decision:
    """Record a success. One of an operation that had been given up is late: it is recorded, and reversed if need be."""
    done = replace(
        operation,
        state=OperationState.SUCCEEDED,
        approved_minor=outcome.amount_minor,
        fee_minor=outcome.fee_minor,
        acquirer_id=outcome.acquirer_id,
        network=outcome.network,
        business_date=outcome.business_date,
        settlement=outcome.settlement,
        decline=None,
        failure="",
        finished_at=context.at,
        key_id="",
    )
    match operation.verb:
        case Verb.AUTHORIZE:
            decision = _authorized(payment, attempt, operation, done, outcome, context)
        case Verb.CAPTURE:
            decision = _captured(payment, attempt, operation, done, context)
        case Verb.VOID:
            decision = _voided(payment, attempt, operation, done, context)
        case Verb.REFUND:
            decision = _refunded(payment, attempt, operation, done, context)
    return decision


def _authorized(
    payment: Payment, attempt: Attempt, before: Operation, done: Operation, outcome: Approved, context: Context
) -> Decision:
    late = not before.open
    attempt = replace(
        attempt,
        operations=(done, *attempt.operations[1:]),
        expires_at=outcome.expires_at or context.at + AUTHORIZATION_LIFE,
        abandoned=late,
    )
    lines = ledger.hold(done, done.approved_minor)
    charge = None
    if done.with_capture:
        charge = _charge_of(done, context)
        attempt = replace(attempt, operations=(*attempt.operations, charge), closed_at=context.at)
        lines = ledger.capture(charge, charge.approved_minor)
    lines = (*lines, *ledger.pay_fee(charge or done, done.fee_minor))
    payment = put_attempt(advanced(payment), attempt)
    if late:
        return reverse(payment, attempt, charge, lines, context)
    payment = replace(payment, routes_left=())
    if charge:
        return _succeeded(payment, done, lines, context, EventType.PAYMENT_CAPTURED)
    if payment.capture_method is CaptureMethod.AUTOMATIC and not payment.conflict:
        return _capture_at_once(payment, attempt, lines, context)
    return _succeeded(payment, done, lines, context, EventType.PAYMENT_AUTHORIZED)


def _charge_of(authorization: Operation, context: Context) -> Operation:
    """The capture that an authorisation with capture contains: one thing at the acquirer, and two here."""
    return replace(
        authorization,
        id=context.ids.capture_id,
        verb=Verb.CAPTURE,
        amount_minor=authorization.approved_minor,
        with_capture=False,
        final=True,
    )


def _capture_at_once(payment: Payment, attempt: Attempt, lines: tuple[ledger.Line, ...], context: Context) -> Decision:
    """Automatic capture where the connector cannot authorise and capture in one call. The key waits for it."""
    operation = following(attempt, context, Verb.CAPTURE, attempt.authorization.approved_minor, final=True)
    return Decision(
        kind="authorize_succeeded",
        payment=put_operation(payment, attempt, operation),
        lines=lines,
        events=(Announcement(EventType.PAYMENT_AUTHORIZED),),
        perform=(operation.id,),
        detail={"operation_id": operation.id, "reference": operation.reference},
    )


def _captured(payment: Payment, attempt: Attempt, before: Operation, done: Operation, context: Context) -> Decision:
    held = held_minor(attempt)
    attempt = _with(attempt, done)
    closes = attempt.closed_at is None and (done.final or _nothing_left(attempt))
    if closes:
        attempt = replace(attempt, closed_at=context.at)
    lines = (
        *ledger.release(done, held if closes else min(done.approved_minor, held)),
        *ledger.capture(done, done.approved_minor),
        *ledger.pay_fee(done, done.fee_minor),
    )
    given_up = status_of(replace(payment, conflict="")) in (Status.CANCELED, Status.EXPIRED)
    payment = put_attempt(advanced(payment), attempt)
    if given_up or (not before.open and _moved_on(attempt, before)):
        return reverse(payment, attempt, done, lines, context)
    return _succeeded(payment, done, lines, context, EventType.PAYMENT_CAPTURED)


def _nothing_left(attempt: Attempt) -> bool:
    sums = tally(attempt)
    return sums.uncaptured_minor == 0 and sums.capture_pending_minor == 0


def _moved_on(attempt: Attempt, given_up: Operation) -> bool:
    """Whether the merchant, told that a capture was not done, went another way; or there is no room for it now."""
    since = given_up.finished_at
    another_way = any(
        o.verb in (Verb.CAPTURE, Verb.VOID)
        and (o.open or o.state is OperationState.SUCCEEDED)
        and since is not None
        and o.created_at >= since
        for o in attempt.operations
        if o.id != given_up.id
    )
    return another_way or tally(attempt).overdrawn


def _voided(payment: Payment, attempt: Attempt, before: Operation, done: Operation, context: Context) -> Decision:
    if not before.repairing and tally(attempt).captured_minor:
        told = f"The acquirer reports {before.id} as voided, and has captured of the same authorisation."
        return conflict(payment, attempt, before, context, told)
    lines = (*ledger.release(done, held_minor(attempt)), *ledger.pay_fee(done, done.fee_minor))
    attempt = replace(_with(attempt, done), closed_at=attempt.closed_at or context.at)
    payment = put_attempt(advanced(payment), attempt)
    if before.repairing or payment.canceled_at is not None or payment.expired_at is not None:
        return _succeeded(payment, done, lines, context)  # the payment's end was announced already
    payment = replace(payment, canceled_at=context.at, cancellation_reason=done.reason)
    return _succeeded(payment, done, lines, context, EventType.PAYMENT_CANCELED)


def _refunded(payment: Payment, attempt: Attempt, before: Operation, done: Operation, context: Context) -> Decision:
    # A refund that had been given up returned its reserve; the money did leave, so it is reserved again first.
    again = () if before.open else ledger.reserve_refund(done, done.amount_minor)
    lines = (
        *again,
        *ledger.settle_refund(done, done.approved_minor),
        *ledger.return_refund(done, done.amount_minor - done.approved_minor),
        *ledger.pay_fee(done, done.fee_minor),
    )
    attempt = _with(attempt, done)
    payment = put_attempt(advanced(payment), attempt)
    if before.repairing:
        return _succeeded(payment, done, lines, context)
    decision = _succeeded(payment, done, lines, context, EventType.REFUND_SUCCEEDED)
    sums = tally(attempt)
    if sums.refunded_minor <= sums.captured_minor or payment.conflict:
        return decision
    told = f"{sums.refunded_minor} were refunded, and {sums.captured_minor} captured."
    return replace(
        decision,
        payment=replace(payment, conflict=told),
        events=(*decision.events, Announcement(EventType.PAYMENT_CONFLICTED)),
    )


def _with(attempt: Attempt, done: Operation) -> Attempt:
    return replace(attempt, operations=tuple(done if o.id == done.id else o for o in attempt.operations))


def _succeeded(
    payment: Payment, done: Operation, lines: tuple[ledger.Line, ...], context: Context, event: EventType | None = None
) -> Decision:
    """A success that the waiting key is told of."""
    subject = subject_of(done)
    return Decision(
        kind=f"{done.verb}_succeeded",
        payment=payment,
        lines=lines,
        events=(Announcement(event, subject),) if event else (),
        answers=context.answers(Result.DONE, subject),
        detail={"operation_id": done.id},
    )
