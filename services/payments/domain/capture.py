"""Take authorised money: all of it, part of it, or part after part."""

from msgspec import Struct

from payments.domain.amounts import capturable_attempt, uncaptured_minor
from payments.domain.changes import advanced, following, put_operation
from payments.domain.decision import Context, Decision
from payments.domain.errors import CaptureExceedsAuthorized, PaymentStateConflict
from payments.domain.payment import Payment, Verb
from payments.domain.states import status_of


class Capture(Struct, frozen=True):
    """Capture ``amount_minor``, or all that is left where None. ``final`` gives up what remains afterwards."""

    context: Context
    amount_minor: int | None = None
    final: bool = False


def capture(payment: Payment, command: Capture) -> Decision:
    """Decide a capture. Amounts asked for and not known to be done count as captured.

    Raises PaymentStateConflict, CaptureExceedsAuthorized.
    """
    attempt = capturable_attempt(payment)
    if attempt is None or any(o.final and o.open for o in attempt.operations):
        status = status_of(payment)
        raise PaymentStateConflict(
            f"A payment that is {status} cannot be captured; it needs an open authorisation.", payment_status=status
        )
    capturable_minor = uncaptured_minor(attempt)
    amount_minor = capturable_minor if command.amount_minor is None else command.amount_minor
    if amount_minor > capturable_minor or capturable_minor == 0:
        raise CaptureExceedsAuthorized(
            f"At most {capturable_minor} may still be captured, and {amount_minor} was asked for.",
            param="amount_minor",
            capturable_minor=capturable_minor,
        )
    operation = following(
        attempt, command.context, Verb.CAPTURE, amount_minor, final=command.final or amount_minor == capturable_minor
    )
    return Decision(
        kind="capture",
        payment=put_operation(advanced(payment), attempt, operation),
        perform=(operation.id,),
        detail={"operation_id": operation.id, "reference": operation.reference, "amount_minor": str(amount_minor)},
    )
