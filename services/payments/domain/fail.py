"""The acquirer did not do it, or nobody knows whether it did."""

from msgspec.structs import replace

from payments.domain import ledger
from payments.domain.cascade import allows_another_acquirer
from payments.domain.changes import advanced, put_operation, subject_of
from payments.domain.confirm import begin_attempt
from payments.domain.decision import Announcement, Context, Decision, Result, unchanged
from payments.domain.events import EventType
from payments.domain.outcome import Declined, Outcome, Unknown
from payments.domain.payment import Attempt, Operation, OperationState, Payment, Verb

_E = EventType
_DECLINED = {
    Verb.AUTHORIZE: _E.PAYMENT_DECLINED,
    Verb.CAPTURE: _E.PAYMENT_CAPTURE_DECLINED,
    Verb.VOID: _E.PAYMENT_CANCEL_DECLINED,
    Verb.REFUND: _E.REFUND_DECLINED,
}
_FAILED = {
    Verb.AUTHORIZE: _E.PAYMENT_FAILED,
    Verb.CAPTURE: _E.PAYMENT_CAPTURE_FAILED,
    Verb.VOID: _E.PAYMENT_CANCEL_FAILED,
    Verb.REFUND: _E.REFUND_FAILED,
}
_OUTCOME_UNKNOWN = {
    Verb.AUTHORIZE: _E.PAYMENT_OUTCOME_UNKNOWN,
    Verb.CAPTURE: _E.PAYMENT_CAPTURE_OUTCOME_UNKNOWN,
    Verb.VOID: _E.PAYMENT_CANCEL_OUTCOME_UNKNOWN,
    Verb.REFUND: _E.REFUND_OUTCOME_UNKNOWN,
}


def decline(payment: Payment, attempt: Attempt, operation: Operation, outcome: Declined, context: Context) -> Decision:
    """A known refusal. Another acquirer is tried only where the kind of decline allows it."""
    declined = replace(
        operation,
        state=OperationState.DECLINED,
        decline=outcome.decline,
        acquirer_id=outcome.acquirer_id,
        finished_at=context.at,
        key_id="",
    )
    payment = put_operation(advanced(payment), attempt, declined)
    detail = {"operation_id": operation.id, "reason": outcome.decline.reason, "raw_code": outcome.decline.raw_code}
    if operation.verb is Verb.AUTHORIZE:
        if _may_cascade(payment) and allows_another_acquirer(outcome.decline):
            return _cascade(payment, context, detail)
        payment = replace(payment, card=None, last_decline=outcome.decline, routes_left=())
    decision = _refused(payment, declined, context, Result.DECLINED, _DECLINED, detail)
    if operation.repairing and (attempt.abandoned or operation.verb is Verb.REFUND):
        return _not_given_back(decision, operation)
    return decision


def give_up(payment: Payment, attempt: Attempt, operation: Operation, context: Context, reason: str) -> Decision:
    """It is certain that the acquirer did nothing. What Florin owes by itself is not given up: it is tried again."""
    if operation.repairing:
        return not_known(payment, attempt, operation, Unknown(reason))
    failed = replace(operation, state=OperationState.FAILED, failure=reason, finished_at=context.at, key_id="")
    payment = put_operation(advanced(payment), attempt, failed)
    detail = {"operation_id": operation.id, "reason": reason}
    if operation.verb is Verb.AUTHORIZE and _may_cascade(payment):
        return _cascade(payment, context, detail)
    return _refused(payment, failed, context, Result.FAILED, _FAILED, detail)


def not_known(payment: Payment, attempt: Attempt, operation: Operation, outcome: Outcome) -> Decision:
    """No usable answer: the operation is unknown until the acquirer has been asked. Its key keeps waiting."""
    if operation.state is OperationState.UNKNOWN:
        return unchanged(payment)
    failure = outcome.reason if isinstance(outcome, Unknown) else "pending at the acquirer"
    unknown = replace(operation, state=OperationState.UNKNOWN, failure=failure)
    event = Announcement(_OUTCOME_UNKNOWN[operation.verb], subject_of(operation))
    return Decision(
        kind=f"{operation.verb}_unknown",
        payment=put_operation(advanced(payment), attempt, unknown),
        events=() if operation.repairing else (event,),
        detail={"operation_id": operation.id, "reason": failure},
    )


def conflict(payment: Payment, attempt: Attempt, operation: Operation, context: Context, sentence: str) -> Decision:
    """The acquirer's books and ours disagree. Nothing is posted: a person must look, and corrects by entries."""
    if payment.conflict and not operation.key_id:
        return unchanged(payment)
    told = put_operation(advanced(payment), attempt, replace(operation, key_id=""))
    return Decision(
        kind="conflict",
        payment=replace(told, conflict=payment.conflict or sentence),
        events=() if payment.conflict else (Announcement(EventType.PAYMENT_CONFLICTED),),
        answers=context.answers(Result.PENDING, subject_of(operation)),
        detail={"operation_id": operation.id, "conflict": sentence},
    )


def _may_cascade(payment: Payment) -> bool:
    return bool(payment.routes_left) and not payment.conflict


def _cascade(payment: Payment, context: Context, detail: dict[str, str]) -> Decision:
    begun = begin_attempt(
        payment,
        context,
        payment.routes_left,
        key_id=context.key_id,
        kind="cascade",
        creating=payment.attempts[-1].creating,
    )
    return replace(begun, detail={**detail, **{f"next_{name}": value for name, value in begun.detail.items()}})


def _refused(
    payment: Payment,
    operation: Operation,
    context: Context,
    result: Result,
    events: dict[Verb, EventType],
    detail: dict[str, str],
) -> Decision:
    subject = subject_of(operation)
    returned = operation.verb is Verb.REFUND
    return Decision(
        kind=f"{operation.verb}_{result}",
        payment=payment,
        lines=ledger.return_refund(operation, operation.amount_minor) if returned else (),
        events=() if operation.repairing else (Announcement(events[operation.verb], subject),),
        answers=context.answers(result, subject),
        detail=detail,
    )


def _not_given_back(decision: Decision, operation: Operation) -> Decision:
    """What must not have been taken stays taken: only a person can mend that."""
    if decision.payment.conflict:
        return decision
    told = f"The acquirer refused {operation.id}, which gives back what must not have been taken."
    return replace(
        decision,
        payment=replace(decision.payment, conflict=told),
        events=(*decision.events, Announcement(EventType.PAYMENT_CONFLICTED)),
    )
