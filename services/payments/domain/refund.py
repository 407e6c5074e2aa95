"""Give captured money back, all of it or in parts."""

from msgspec import Struct
from msgspec.structs import replace

from payments.domain import ledger
from payments.domain.amounts import authorized_attempt, tally
from payments.domain.changes import advanced, following, put_operation
from payments.domain.decision import Announcement, Context, Decision
from payments.domain.errors import AmountNotPositive, PaymentStateConflict, RefundExceedsCaptured
from payments.domain.events import EventType
from payments.domain.payment import Attempt, OperationState, Payment, Verb
from payments.domain.states import status_of


class Refund(Struct, frozen=True):
    """Refund ``amount_minor``, or all that is left where None."""

    context: Context
    amount_minor: int | None = None
    reason: str = ""
    metadata: dict[str, str] = {}


def refund(payment: Payment, command: Refund) -> Decision:
    """Decide a refund. Refunds asked for and not known to be done count as refunded, and so does what is disputed.

    Raises PaymentStateConflict, AmountNotPositive, RefundExceedsCaptured.
    """
    attempt = authorized_attempt(payment)
    if attempt is None or tally(attempt).captured_minor == 0:
        status = status_of(payment)
        raise PaymentStateConflict(
            f"Nothing of this payment is captured ({status}), so nothing can be refunded.", payment_status=status
        )
    left_minor = max(0, tally(attempt).refundable_minor - _disputed_minor(payment))
    amount_minor = left_minor if command.amount_minor is None else command.amount_minor
    if amount_minor > left_minor or left_minor == 0:
        raise RefundExceedsCaptured(
            f"At most {left_minor} may still be refunded, and {amount_minor} was asked for.",
            param="amount_minor",
            refundable_minor=left_minor,
        )
    if amount_minor <= 0:
        raise AmountNotPositive("A refund needs an amount of at least 1.", param="amount_minor")
    operation = following(
        attempt, command.context, Verb.REFUND, amount_minor, reason=command.reason, metadata=command.metadata
    )
    operation = replace(operation, capture_id=_only_capture(attempt))
    return Decision(
        kind="refund",
        payment=put_operation(advanced(payment), attempt, operation),
        lines=ledger.reserve_refund(operation, amount_minor),
        events=(Announcement(EventType.REFUND_CREATED, operation.id),),
        perform=(operation.id,),
        detail={"operation_id": operation.id, "reference": operation.reference, "amount_minor": str(amount_minor)},
    )


def _disputed_minor(payment: Payment) -> int:
    """What the cardholder has, or may get, back by a dispute: a refund of it would be the second."""
    return sum(dispute.amount_minor for dispute in payment.disputes if dispute.state != "won")


def _only_capture(attempt: Attempt) -> str:
    """The capture to name where there is but one; a refund of several is of the whole authorisation."""
    done = [o.id for o in attempt.operations if o.verb is Verb.CAPTURE and o.state is OperationState.SUCCEEDED]
    return done[0] if len(done) == 1 else ""
