"""Give a payment up before anything was captured."""

from msgspec import Struct
from msgspec.structs import replace

from payments.domain.amounts import capturable_attempt, held_minor
from payments.domain.changes import advanced, following, put_operation
from payments.domain.decision import Announcement, Context, Decision, Result
from payments.domain.errors import OperationInFlight, PaymentStateConflict
from payments.domain.events import EventType
from payments.domain.payment import Payment, Verb
from payments.domain.states import Status, status_of

_NOT_SENT = frozenset({Status.REQUIRES_PAYMENT_METHOD, Status.REQUIRES_CONFIRMATION, Status.REQUIRES_ACTION})
_WAITING = frozenset({Status.PROCESSING, Status.OUTCOME_UNKNOWN})


class Cancel(Struct, frozen=True):
    """Cancel, with the merchant's reason."""

    context: Context
    reason: str = ""


def cancel(payment: Payment, command: Cancel) -> Decision:
    """Cancel at once, or by a void where the acquirer holds an authorisation.

    Raises OperationInFlight while an outcome is awaited, PaymentStateConflict.
    """
    context = command.context
    status = status_of(payment)
    if status in _NOT_SENT:
        canceled = replace(advanced(payment), canceled_at=context.at, cancellation_reason=command.reason)
        return Decision(
            kind="cancel",
            payment=canceled,
            events=(Announcement(EventType.PAYMENT_CANCELED),),
            answers=context.answers(Result.DONE),
        )
    if status in _WAITING:
        raise OperationInFlight(
            f"The payment is {status}; it can be canceled, or not, when the acquirer has answered.",
            payment_status=status,
        )
    attempt = capturable_attempt(payment)
    if status is not Status.REQUIRES_CAPTURE or attempt is None:
        raise PaymentStateConflict(
            f"A payment that is {status} cannot be canceled; give captured money back with a refund.",
            payment_status=status,
        )
    operation = following(attempt, context, Verb.VOID, held_minor(attempt), reason=command.reason)
    return Decision(
        kind="cancel",
        payment=put_operation(advanced(payment), attempt, operation),
        perform=(operation.id,),
        detail={"operation_id": operation.id, "reference": operation.reference},
    )
