"""An acquirer's answer comes back: what it does to the payment.

A request may be refused, an outcome never. Whatever the acquirer says it did is recorded, also where it contradicts
what was believed: money that must not have been taken is given back, and what cannot be squared is a conflict for a
person.
"""

from msgspec import Struct
from msgspec.structs import replace

from payments.domain.approve import approve
from payments.domain.decision import Context, Decision, unchanged
from payments.domain.fail import conflict, decline, give_up, not_known
from payments.domain.outcome import Approved, Declined, NotFound, NotSent, Outcome, Pending, Unknown
from payments.domain.payment import Operation, OperationState, Payment, Verb


class RecordOutcome(Struct, frozen=True):
    """What became of one operation. ``not_found_final`` says that "not found" can no longer turn into "found"."""

    context: Context
    operation_id: str
    outcome: Outcome
    not_found_final: bool = False


def record_outcome(payment: Payment, command: RecordOutcome) -> Decision:
    """Decide what an outcome means. An outcome that is known already changes nothing."""
    found = payment.find_operation(command.operation_id)
    if found is None:
        return unchanged(payment)
    attempt, operation = found
    context = replace(command.context, key_id=operation.key_id)
    contradiction = _contradiction(operation, command.outcome)
    if contradiction:
        return conflict(payment, attempt, operation, context, contradiction)
    if operation.state is OperationState.SUCCEEDED:
        return unchanged(payment)
    match command.outcome:
        case Approved() as approved:  # late, where it had been given up
            return approve(payment, attempt, operation, approved, context)
        case _ if not operation.open:
            return unchanged(payment)
        case Declined() as declined:
            return decline(payment, attempt, operation, declined, context)
        case NotSent(reason=reason) if operation.state is OperationState.SENDING:
            return give_up(payment, attempt, operation, context, reason)
        case NotFound() if command.not_found_final:
            return give_up(payment, attempt, operation, context, "not_found")
        case NotSent() | Unknown() | NotFound() | Pending() as silence:
            # NotSent of an unknown operation is about a repetition; the first one may have arrived.
            return not_known(payment, attempt, operation, silence)


def _contradiction(operation: Operation, outcome: Outcome) -> str:
    """What cannot be squared with the operation, as a sentence; empty where nothing is."""
    succeeded = operation.state is OperationState.SUCCEEDED
    if isinstance(outcome, Declined) and succeeded:
        return f"The acquirer approved {operation.id}, then declined it."
    if not isinstance(outcome, Approved) or (succeeded and operation.verb is Verb.VOID):
        return ""
    least = 0 if operation.verb is Verb.VOID else 1
    most = operation.amount_minor
    if succeeded:
        least = most = operation.approved_minor
    if outcome.currency == operation.currency and least <= outcome.amount_minor <= most:
        return ""
    told = f"{outcome.amount_minor} {outcome.currency}"
    known = f"{operation.approved_minor if succeeded else most} {operation.currency}"
    return f"The acquirer reports {told} for {operation.id}, which is of {known}."
