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
    outcome = command.outcome
    settled = not operation.open
    match outcome:
        case Approved():
            if operation.state is OperationState.SUCCEEDED:
                return unchanged(payment)
            if not _plausible(operation, outcome):
                told = f"{outcome.amount_minor} {outcome.currency}"
                return conflict(payment, operation, context, f"The acquirer reports {told} for {operation.id}.")
            return approve(payment, attempt, operation, outcome, context, late=settled)
        case Declined():
            if operation.state is OperationState.SUCCEEDED:
                return conflict(payment, operation, context, f"The acquirer approved {operation.id}, then declined it.")
            return unchanged(payment) if settled else decline(payment, attempt, operation, outcome, context)
        case NotSent(reason=reason):
            return unchanged(payment) if settled else give_up(payment, attempt, operation, context, reason)
        case NotFound() if command.not_found_final:
            return unchanged(payment) if settled else give_up(payment, attempt, operation, context, "not_found")
        case Unknown() | NotFound() | Pending():
            return unchanged(payment) if settled else not_known(payment, attempt, operation, context, outcome)


def _plausible(operation: Operation, outcome: Approved) -> bool:
    """Only an authorisation may be approved for less than was asked, and nothing for more or in another currency."""
    if outcome.currency != operation.currency or outcome.amount_minor > operation.amount_minor:
        return False
    return operation.verb is Verb.AUTHORIZE or outcome.amount_minor == operation.amount_minor
