"""A cardholder disputes a charge (a chargeback in scheme terms), and how it ends."""

from msgspec import Struct
from msgspec.structs import replace

from payments.domain import ledger
from payments.domain.changes import advanced
from payments.domain.decision import Announcement, Context, Decision, unchanged
from payments.domain.events import EventType
from payments.domain.fail import conflict
from payments.domain.payment import Dispute, Payment

_EVENTS = {"opened": EventType.DISPUTE_OPENED, "won": EventType.DISPUTE_WON, "lost": EventType.DISPUTE_LOST}
_ENDINGS = frozenset({"won", "lost"})


class RecordDispute(Struct, frozen=True):
    """What the acquirer tells of a dispute about an operation. ``state`` is opened, won or lost."""

    context: Context
    operation_id: str
    dispute_id: str
    state: str
    amount_minor: int
    currency: str
    reason_code: str = ""


def record_dispute(payment: Payment, command: RecordDispute) -> Decision:
    """Decide a dispute's news. Told twice, or its opening told after its end, it changes nothing."""
    found = payment.find_operation(command.operation_id)
    known = next((d for d in payment.disputes if d.id == command.dispute_id), None)
    if found is None or command.state not in _EVENTS:
        return unchanged(payment)
    if known is not None and (known.state == command.state or known.state in _ENDINGS):
        return unchanged(payment)
    attempt, operation = found
    if command.currency != operation.currency or command.amount_minor <= 0:
        told = f"The acquirer reports a dispute of {command.amount_minor} {command.currency} about {operation.id}."
        return conflict(payment, attempt, operation, replace(command.context, key_id=operation.key_id), told)
    reserved_minor = known.amount_minor if known else 0
    lines = ledger.reserve_dispute(operation, command.amount_minor - reserved_minor)
    if command.state == "won":
        lines = ledger.win_dispute(operation, reserved_minor)
    elif command.state == "lost":
        lines = (*lines, *ledger.lose_dispute(operation, command.amount_minor))
    dispute = Dispute(
        id=command.dispute_id,
        state=command.state,
        amount_minor=command.amount_minor,
        currency=command.currency,
        reason_code=command.reason_code,
        opened_at=known.opened_at if known else command.context.at,
    )
    others = tuple(d for d in payment.disputes if d.id != dispute.id)
    return Decision(
        kind=f"dispute_{command.state}",
        payment=replace(advanced(payment), disputes=(*others, dispute)),
        lines=lines,
        events=(Announcement(_EVENTS[command.state]),),
        detail={"dispute_id": dispute.id, "reason_code": dispute.reason_code},
    )
