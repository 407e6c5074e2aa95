"""Give captured money back, all of it or in parts."""

from msgspec import Struct

from payments.domain import ledger
from payments.domain.amounts import captured_minor, refundable_minor
from payments.domain.changes import advanced, following, put_operation
from payments.domain.decision import Announcement, Context, Decision
from payments.domain.errors import PaymentStateConflict, RefundExceedsCaptured
from payments.domain.payment import Payment, Verb
from payments.domain.states import status_of


class Refund(Struct, frozen=True):
    """Refund ``amount_minor``, or all that is left where None."""

    context: Context
    amount_minor: int | None = None
    reason: str = ""
    metadata: dict[str, str] = {}


def refund(payment: Payment, command: Refund) -> Decision:
    """Decide a refund. Refunds asked for and not known to be done count as refunded.

    Raises PaymentStateConflict, RefundExceedsCaptured.
    """
    attempt = next((a for a in payment.attempts if captured_minor(a) and not a.abandoned), None)
    if attempt is None:
        status = status_of(payment)
        raise PaymentStateConflict(
            f"Nothing of this payment is captured ({status}), so nothing can be refunded.", payment_status=status
        )
    left_minor = refundable_minor(attempt)
    amount_minor = left_minor if command.amount_minor is None else command.amount_minor
    if amount_minor > left_minor or left_minor == 0:
        raise RefundExceedsCaptured(
            f"At most {left_minor} may still be refunded, and {amount_minor} was asked for.",
            param="amount_minor",
            refundable_minor=left_minor,
        )
    operation = following(
        attempt, command.context, Verb.REFUND, amount_minor, reason=command.reason, metadata=command.metadata
    )
    return Decision(
        kind="refund",
        payment=put_operation(advanced(payment), attempt, operation),
        lines=ledger.reserve_refund(operation),
        events=(Announcement("refund.created", operation.id),),
        perform=(operation.id,),
        detail={"operation_id": operation.id, "reference": operation.reference, "amount_minor": str(amount_minor)},
    )
