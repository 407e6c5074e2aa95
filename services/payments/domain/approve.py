"""The acquirer did it."""

from datetime import timedelta

from msgspec.structs import replace

from payments.domain import ledger
from payments.domain.amounts import captured_minor, held_minor, uncaptured_minor
from payments.domain.changes import advanced, put_attempt, put_operation
from payments.domain.decision import Announcement, Answer, Context, Decision, Result
from payments.domain.outcome import Approved
from payments.domain.payment import Attempt, CaptureMethod, Operation, OperationState, Payment, Verb

AUTHORIZATION_LIFE = timedelta(days=7)
"""How long an authorisation holds where the acquirer does not say (card not present, by scheme rules)."""


def approve(
    payment: Payment, attempt: Attempt, operation: Operation, outcome: Approved, context: Context, *, late: bool
) -> Decision:
    """Record a success. ``late`` marks one that had been given up: it is recorded, and reversed where need be."""
    done = replace(
        operation,
        state=OperationState.SUCCEEDED,
        approved_minor=outcome.amount_minor,
        fee_minor=outcome.fee_minor,
        acquirer_id=outcome.acquirer_id,
        network=outcome.network,
        decline=None,
        finished_at=context.at,
    )
    payment = put_operation(advanced(payment), attempt, done)
    found = payment.find_operation(done.id)
    if found is None:
        raise AssertionError("the operation was just put there")
    attempt = found[0]
    match operation.verb:
        case Verb.AUTHORIZE:
            return _authorized(payment, attempt, done, outcome, context, late=late)
        case Verb.CAPTURE:
            return _captured(payment, attempt, done, context, late=late)
        case Verb.VOID:
            return _voided(payment, attempt, done, context)
        case Verb.REFUND:
            return _refunded(payment, done, context, late=late)


def _authorized(
    payment: Payment, attempt: Attempt, operation: Operation, outcome: Approved, context: Context, *, late: bool
) -> Decision:
    attempt = replace(attempt, expires_at=outcome.expires_at or context.at + AUTHORIZATION_LIFE, abandoned=late)
    if operation.with_capture:
        charge = _charge_of(operation, context)
        attempt = replace(attempt, operations=(*attempt.operations, charge), closed_at=context.at)
        lines = ledger.capture(charge, charge.approved_minor, charge.fee_minor)
    else:
        lines = ledger.hold(operation, operation.approved_minor)
    if late:
        return _reverse(payment, attempt, lines, context)
    payment = put_attempt(replace(payment, routes_left=()), attempt)
    if operation.with_capture:
        return _done(payment, context, "payment.captured", "authorize", lines)
    if payment.capture_method is CaptureMethod.AUTOMATIC:
        return _capture_at_once(payment, attempt, lines, context)
    return _done(payment, context, "payment.authorized", "authorize", lines)


def _charge_of(authorization: Operation, context: Context) -> Operation:
    """The capture that an authorisation with capture contains: one thing at the acquirer, and two here."""
    return replace(
        authorization,
        id=context.ids.capture_id,
        verb=Verb.CAPTURE,
        amount_minor=authorization.approved_minor,
        with_capture=False,
        final=True,
        key_id="",
    )


def _capture_at_once(payment: Payment, attempt: Attempt, lines: tuple[ledger.Line, ...], context: Context) -> Decision:
    """Automatic capture where the connector cannot authorise and capture in one call."""
    operation = Operation(
        id=context.ids.operation_id,
        verb=Verb.CAPTURE,
        state=OperationState.SENDING,
        amount_minor=attempt.authorization.approved_minor,
        currency=payment.currency,
        connector=attempt.route.connector,
        reference=context.ids.reference,
        created_at=context.at,
        deadline_at=context.deadline(attempt.route.timeout_s),
        final=True,
        key_id=context.key_id,
    )
    return Decision(
        kind="authorize",
        payment=put_operation(payment, attempt, operation),
        lines=lines,
        events=(Announcement("payment.authorized"),),
        perform=(operation.id,),
    )


def _captured(payment: Payment, attempt: Attempt, operation: Operation, context: Context, *, late: bool) -> Decision:
    released_minor = min(operation.approved_minor, _held_before(attempt, operation))
    if attempt.closed_at is None and (operation.final or _nothing_left(attempt)):
        released_minor += max(0, held_minor(attempt))
        attempt = replace(attempt, closed_at=context.at)
    payment = put_attempt(payment, attempt)
    lines = (
        *ledger.release(operation, released_minor),
        *ledger.capture(operation, operation.approved_minor, operation.fee_minor),
    )
    over_captured = captured_minor(attempt) > attempt.authorization.approved_minor
    if late and (attempt.abandoned or payment.canceled_at or payment.expired_at or over_captured):
        return _reverse(payment, attempt, lines, context, amount_minor=operation.approved_minor)
    return _done(payment, context, "payment.captured", "capture", lines)


def _held_before(attempt: Attempt, captured: Operation) -> int:
    """What the ledger held just before this capture, in minor units."""
    return 0 if attempt.closed_at else max(0, held_minor(attempt) + captured.approved_minor)


def _nothing_left(attempt: Attempt) -> bool:
    return uncaptured_minor(attempt) <= 0 and not any(o.verb is Verb.CAPTURE and o.open for o in attempt.operations)


def _voided(payment: Payment, attempt: Attempt, operation: Operation, context: Context) -> Decision:
    lines = ledger.release(operation, held_minor(attempt))
    payment = put_attempt(payment, replace(attempt, closed_at=attempt.closed_at or context.at))
    if operation.repairing:
        return Decision(kind="void", payment=payment, lines=lines)
    payment = replace(payment, canceled_at=context.at, cancellation_reason=operation.reason)
    return _done(payment, context, "payment.canceled", "void", lines)


def _refunded(payment: Payment, operation: Operation, context: Context, *, late: bool) -> Decision:
    # A refund that had been given up returned its reserve; the money did leave, so it is reserved again first.
    again = ledger.reserve_refund(operation) if late else ()
    lines = (*again, *ledger.settle_refund(operation))
    if operation.repairing:
        return Decision(kind="refund", payment=payment, lines=lines)
    return _done(payment, context, "refund.succeeded", "refund", lines, operation_id=operation.id)


def _reverse(
    payment: Payment,
    attempt: Attempt,
    lines: tuple[ledger.Line, ...],
    context: Context,
    amount_minor: int | None = None,
) -> Decision:
    """Give back what must not have been taken: a refund where it was captured, else a void."""
    taken_minor = captured_minor(attempt) if amount_minor is None else amount_minor
    operation = Operation(
        id=context.ids.repair_id,
        verb=Verb.REFUND if taken_minor else Verb.VOID,
        state=OperationState.SENDING,
        amount_minor=taken_minor or attempt.authorization.approved_minor,
        currency=attempt.authorization.currency,
        connector=attempt.route.connector,
        reference=context.ids.repair_reference,
        created_at=context.at,
        deadline_at=context.deadline(attempt.route.timeout_s),
        repairing=True,
        reason="approved after it had been given up",
    )
    if taken_minor:
        lines = (*lines, *ledger.reserve_refund(operation))
    return Decision(
        kind="reverse_late_approval",
        payment=put_operation(payment, attempt, operation),
        lines=lines,
        events=(Announcement("payment.late_approval_reversed"),),
        perform=(operation.id,),
        detail={"operation_id": operation.id, "reference": operation.reference},
    )


def _done(
    payment: Payment,
    context: Context,
    event: str,
    kind: str,
    lines: tuple[ledger.Line, ...],
    operation_id: str = "",
) -> Decision:
    """A success that the waiting key is told of."""
    answers = (Answer(context.key_id, Result.DONE, operation_id),) if context.key_id else ()
    return Decision(
        kind=f"{kind}_succeeded",
        payment=payment,
        lines=lines,
        events=(Announcement(event, operation_id),),
        answers=answers,
    )
