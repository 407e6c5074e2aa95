"""An authorisation runs out before all of it was captured."""

from msgspec import Struct
from msgspec.structs import replace

from payments.domain import ledger
from payments.domain.amounts import amounts_of, capturable_attempt, held_minor
from payments.domain.changes import advanced, following, put_attempt, put_operation
from payments.domain.decision import Announcement, Context, Decision, unchanged
from payments.domain.events import EventType
from payments.domain.payment import Payment, Verb


class Expire(Struct, frozen=True):
    """The authorisation is past its time."""

    context: Context


def expire(payment: Payment, command: Expire) -> Decision:
    """Release the hold, and void it at the acquirer where nothing was captured. Waits while anything is under way."""
    context = command.context
    attempt = capturable_attempt(payment)
    if (
        attempt is None
        or attempt.expires_at is None
        or attempt.expires_at > context.at
        or any(operation.open for operation in attempt.operations)
    ):
        return unchanged(payment)
    left_minor = held_minor(attempt)
    payment = put_attempt(advanced(payment), replace(attempt, closed_at=context.at))
    lines = ledger.release(attempt.authorization, left_minor)
    expired = (Announcement(EventType.PAYMENT_EXPIRED),)
    if amounts_of(payment).captured_minor:
        return Decision(kind="expire", payment=payment, lines=lines, events=expired)
    payment = replace(payment, expired_at=context.at)
    attempt = replace(attempt, closed_at=context.at)
    void = replace(following(attempt, context, Verb.VOID, left_minor), repairing=True, key_id="")
    return Decision(
        kind="expire",
        payment=put_operation(payment, attempt, void),
        lines=lines,
        events=expired,
        perform=(void.id,),
    )
