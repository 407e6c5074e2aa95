"""The acquirer did not do it, or nobody knows whether it did."""

from msgspec.structs import replace

from payments.domain import ledger
from payments.domain.cascade import allows_another_acquirer
from payments.domain.changes import advanced, put_operation
from payments.domain.confirm import begin_attempt
from payments.domain.decision import Announcement, Answer, Context, Decision, Result, unchanged
from payments.domain.outcome import Declined, Outcome, Unknown
from payments.domain.payment import Attempt, Operation, OperationState, Payment, Verb


def decline(payment: Payment, attempt: Attempt, operation: Operation, outcome: Declined, context: Context) -> Decision:
    """A known refusal. Another acquirer is tried only where the kind of decline allows it."""
    declined = replace(
        operation,
        state=OperationState.DECLINED,
        decline=outcome.decline,
        acquirer_id=outcome.acquirer_id,
        finished_at=context.at,
    )
    payment = put_operation(advanced(payment), attempt, declined)
    detail = {"operation_id": operation.id, "reason": outcome.decline.reason, "raw_code": outcome.decline.raw_code}
    if operation.verb is Verb.AUTHORIZE:
        if payment.routes_left and allows_another_acquirer(outcome.decline):
            return _cascade(payment, context, detail)
        payment = replace(payment, card=None, last_decline=outcome.decline, routes_left=())
    if declined.repairing and attempt.abandoned:
        payment = replace(payment, conflict=f"The acquirer refused to reverse {attempt.authorization.id}.")
    return _refused(payment, declined, context, Result.DECLINED, detail)


def give_up(payment: Payment, attempt: Attempt, operation: Operation, context: Context, reason: str) -> Decision:
    """It is certain that the acquirer did nothing. What Florin owes by itself is not given up: it is tried again."""
    if operation.repairing:
        return not_known(payment, attempt, operation, context, Unknown(reason))
    failed = replace(operation, state=OperationState.FAILED, reason=reason, finished_at=context.at)
    payment = put_operation(advanced(payment), attempt, failed)
    detail = {"operation_id": operation.id, "reason": reason}
    if operation.verb is Verb.AUTHORIZE and payment.routes_left:
        return _cascade(payment, context, detail)
    return _refused(payment, failed, context, Result.FAILED, detail)


def not_known(payment: Payment, attempt: Attempt, operation: Operation, context: Context, outcome: Outcome) -> Decision:
    """No usable answer: the operation is unknown until the acquirer has been asked."""
    if operation.state is OperationState.UNKNOWN:
        return unchanged(payment)
    reason = outcome.reason if isinstance(outcome, Unknown) else "pending at the acquirer"
    unknown = replace(operation, state=OperationState.UNKNOWN, reason=reason)
    events = () if operation.repairing else (Announcement(_event(operation, "outcome_unknown"), _subject(operation)),)
    return Decision(
        kind=f"{operation.verb}_unknown",
        payment=put_operation(advanced(payment), attempt, unknown),
        events=events,
        detail={"operation_id": operation.id, "reason": reason},
    )


def conflict(payment: Payment, operation: Operation, context: Context, sentence: str) -> Decision:
    """The acquirer's books and ours disagree. Nothing is posted: a person must look, and corrects by entries."""
    if payment.conflict:
        return unchanged(payment)
    answers = (Answer(operation.key_id, Result.PENDING, _subject(operation)),) if operation.key_id else ()
    return Decision(
        kind="conflict",
        payment=replace(advanced(payment), conflict=sentence),
        events=(Announcement("payment.conflicted"),),
        answers=answers,
        detail={"operation_id": operation.id, "conflict": sentence},
    )


def _cascade(payment: Payment, context: Context, detail: dict[str, str]) -> Decision:
    begun = begin_attempt(payment, context, payment.routes_left, key_id=context.key_id, kind="cascade")
    return replace(begun, detail={**detail, **{f"next_{name}": value for name, value in begun.detail.items()}})


def _refused(
    payment: Payment, operation: Operation, context: Context, result: Result, detail: dict[str, str]
) -> Decision:
    returned = operation.verb is Verb.REFUND
    subject = _subject(operation)
    events = () if operation.repairing else (Announcement(_event(operation, str(result)), subject),)
    return Decision(
        kind=f"{operation.verb}_{result}",
        payment=payment,
        lines=ledger.return_refund(operation) if returned else (),
        events=events,
        answers=(Answer(context.key_id, result, subject),) if context.key_id else (),
        detail=detail,
    )


_EVENT_STEMS = {
    Verb.AUTHORIZE: "payment.",
    Verb.CAPTURE: "payment.capture_",
    Verb.VOID: "payment.cancel_",
    Verb.REFUND: "refund.",
}


def _event(operation: Operation, ending: str) -> str:
    return _EVENT_STEMS[operation.verb] + ending


def _subject(operation: Operation) -> str:
    """The operation that an event or a reply is about: refunds are objects of their own."""
    return operation.id if operation.verb is Verb.REFUND else ""
