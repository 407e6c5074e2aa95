"""Small steps on the aggregate that several rules share."""

from msgspec.structs import replace

from payments.domain.decision import Context
from payments.domain.payment import Attempt, Operation, OperationState, Payment, Verb


def put_attempt(payment: Payment, attempt: Attempt) -> Payment:
    """The payment with an attempt replaced (by its id) or appended."""
    kept = tuple(attempt if a.id == attempt.id else a for a in payment.attempts)
    if not any(a.id == attempt.id for a in payment.attempts):
        kept = (*payment.attempts, attempt)
    return replace(payment, attempts=kept)


def put_operation(payment: Payment, attempt: Attempt, operation: Operation) -> Payment:
    """The payment with an operation of an attempt replaced (by its id) or appended."""
    kept = tuple(operation if o.id == operation.id else o for o in attempt.operations)
    if not any(o.id == operation.id for o in attempt.operations):
        kept = (*attempt.operations, operation)
    return put_attempt(payment, replace(attempt, operations=kept))


def following(
    attempt: Attempt,
    context: Context,
    verb: Verb,
    amount_minor: int,
    *,
    final: bool = False,
    reason: str = "",
    metadata: dict[str, str] | None = None,
    repairing: bool = False,
) -> Operation:
    """An operation that follows an attempt's authorisation, on its way from now on. Nobody waits for a repair."""
    ids = context.ids
    return Operation(
        id=ids.repair_id if repairing else ids.operation_id,
        verb=verb,
        state=OperationState.SENDING,
        amount_minor=amount_minor,
        currency=attempt.authorization.currency,
        connector=attempt.route.connector,
        reference=ids.repair_reference if repairing else ids.reference,
        created_at=context.at,
        deadline_at=context.deadline(attempt.route.timeout_s),
        key_id="" if repairing else context.key_id,
        repairing=repairing,
        final=final,
        reason=reason,
        metadata=metadata or {},
    )


def advanced(payment: Payment) -> Payment:
    """The payment with its next version: one for each decision."""
    return replace(payment, version=payment.version + 1)


def subject_of(operation: Operation) -> str:
    """The operation that an event or a reply is about, empty for the payment: refunds are objects of their own."""
    return operation.id if operation.verb is Verb.REFUND else ""
