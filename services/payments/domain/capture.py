"""Take authorised money: all of it, part of it, or part after part."""

from msgspec import Struct

from payments.domain.amounts import capturable_attempt, tally
from payments.domain.changes import advanced, following, put_operation
from payments.domain.decision import Context, Decision
from payments.domain.errors import AmountNotPositive, CaptureExceedsAuthorized, PaymentStateConflict
from payments.domain.payment import Payment, Verb
from payments.domain.states import status_of


class Capture(Struct, frozen=True):
    """Capture ``amount_minor``, or all that is left where None. ``final`` gives up what remains afterwards."""

    context: Context
    amount_minor: int | None = None
    final: bool = False


def capture(payment: Payment, command: Capture) -> Decision:
    """Decide a capture. Amounts asked for and not known to be done count as captured.

    Raises PaymentStateConflict, AmountNotPositive, CaptureExceedsAuthorized.
    """
    attempt = capturable_attempt(payment)
    if attempt is None or payment.conflict or any(o.final and o.open for o in attempt.operations):
        status = status_of(payment)
        raise PaymentStateConflict(
            f"A payment that is {status} cannot be captured; it needs an open authorisation.", payment_status=status
        )
    sums = tally(attempt)
    capturable_minor = sums.uncaptured_minor
    amount_minor = capturable_minor if command.amount_minor is None else command.amount_minor
    if amount_minor > capturable_minor or capturable_minor == 0:
        raise CaptureExceedsAuthorized(
            f"At most {capturable_minor} may still be captured, and {amount_minor} was asked for.",
            param="amount_minor",
            capturable_minor=capturable_minor,
        )
    if amount_minor <= 0:
        raise AmountNotPositive("A capture needs an amount of at least 1.", param="amount_minor")
    # The last of the money closes the authorisation, unless another capture is under way: should that one fail, its
    # amount can still be captured.
    final = command.final or (amount_minor == capturable_minor and not sums.capture_pending_minor)
    operation = following(attempt, command.context, Verb.CAPTURE, amount_minor, final=final)
    return Decision(
        kind="capture",
        payment=put_operation(advanced(payment), attempt, operation),
        perform=(operation.id,),
        detail={"operation_id": operation.id, "reference": operation.reference, "amount_minor": str(amount_minor)},
    )
