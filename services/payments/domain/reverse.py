"""Money that must not have been taken is given back, by Florin itself."""

from msgspec.structs import replace

from payments.domain import ledger
from payments.domain.changes import following, put_operation
from payments.domain.decision import Announcement, Context, Decision, Result
from payments.domain.events import EventType
from payments.domain.payment import Attempt, Operation, Payment, Verb

REASON = "approved after it had been given up"


def reverse(
    payment: Payment, attempt: Attempt, capture: Operation | None, lines: tuple[ledger.Line, ...], context: Context
) -> Decision:
    """Refund a capture, or void the authorisation where nothing was captured. ``lines`` tell what was done late."""
    given_back = capture or attempt.authorization
    operation = replace(
        following(
            attempt,
            context,
            Verb.REFUND if capture else Verb.VOID,
            given_back.approved_minor,
            reason=REASON,
            repairing=True,
        ),
        capture_id=capture.id if capture else "",
    )
    reserved = ledger.reserve_refund(operation, operation.amount_minor) if capture else ()
    return Decision(
        kind="reverse_late_approval",
        payment=put_operation(payment, attempt, operation),
        lines=(*lines, *reserved),
        events=(Announcement(EventType.PAYMENT_LATE_APPROVAL_REVERSED),),
        perform=(operation.id,),
        answers=context.answers(Result.FAILED),
        detail={"operation_id": operation.id, "reference": operation.reference},
    )
