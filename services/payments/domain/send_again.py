"""What Florin owes by itself is sent once more, to an acquirer that would perform the same reference twice."""

from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from payments.domain.changes import advanced, put_operation
from payments.domain.decision import Context, Decision, unchanged
from payments.domain.payment import Payment


class SendAgain(Struct, frozen=True):
    """Send an operation again. ``deadline_at`` is the operation's as it was when the acquirer was asked about it."""

    context: Context
    operation_id: str
    deadline_at: datetime


def send_again(payment: Payment, command: SendAgain) -> Decision:
    """Give the operation a new deadline: "not found" says nothing before it, or the next question would send a third.

    Nothing changes, and nothing may be sent, where it is known meanwhile or somebody else has just sent it.
    """
    found = payment.find_operation(command.operation_id)
    if found is None or not found[1].open or found[1].deadline_at != command.deadline_at:
        return unchanged(payment)
    attempt, operation = found
    deadline_at = command.context.deadline(attempt.route.timeout_s)
    return Decision(
        kind="send_again",
        payment=put_operation(advanced(payment), attempt, replace(operation, deadline_at=deadline_at)),
        detail={"operation_id": operation.id, "reference": operation.reference},
    )
