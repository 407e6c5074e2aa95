"""The caller cannot wait any longer: its reply is "accepted, not known yet", and stays so."""

from msgspec import Struct
from msgspec.structs import replace

from payments.domain.changes import advanced, put_operation, subject_of
from payments.domain.decision import Context, Decision, Result, unchanged
from payments.domain.payment import Payment


class AnswerPending(Struct, frozen=True):
    """Answer the key of ``context``, which waits for an operation whose outcome is not known."""

    context: Context


def answer_pending(payment: Payment, command: AnswerPending) -> Decision:
    """Decide the reply. From now on the operation owes none; where it was answered meanwhile, nothing changes."""
    key_id = command.context.key_id
    for attempt in payment.attempts:
        for operation in attempt.operations:
            if key_id and operation.open and operation.key_id == key_id:
                return Decision(
                    kind="answer_pending",
                    payment=put_operation(advanced(payment), attempt, replace(operation, key_id="")),
                    answers=command.context.answers(Result.PENDING, subject_of(operation)),
                )
    return unchanged(payment)
