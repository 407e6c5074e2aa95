"""What a payment's operations add up to, in minor units. What is owed or unknown counts as used."""

from collections.abc import Iterable

from msgspec import Struct

from payments.domain.payment import Attempt, Operation, OperationState, Payment, Verb


class Amounts(Struct, frozen=True):
    """Each amount apart. ``*_pending_minor`` is asked for and not (yet) known to be done."""

    requested_minor: int
    authorized_minor: int
    captured_minor: int
    capture_pending_minor: int
    capturable_minor: int
    refunded_minor: int
    refund_pending_minor: int


def _sum(operations: Iterable[Operation], verb: Verb, *, pending: bool) -> int:
    if pending:
        return sum(o.amount_minor for o in operations if o.verb is verb and o.open)
    return sum(o.approved_minor for o in operations if o.verb is verb and o.state is OperationState.SUCCEEDED)


def captured_minor(attempt: Attempt) -> int:
    """What the acquirer has captured of an attempt."""
    return _sum(attempt.operations, Verb.CAPTURE, pending=False)


def uncaptured_minor(attempt: Attempt) -> int:
    """What is authorised and neither captured nor asked to be."""
    authorization = attempt.authorization
    if authorization.state is not OperationState.SUCCEEDED:
        return 0
    return authorization.approved_minor - captured_minor(attempt) - _sum(attempt.operations, Verb.CAPTURE, pending=True)


def held_minor(attempt: Attempt) -> int:
    """What the ledger holds for an attempt: authorised, not captured, not given up."""
    if attempt.closed_at is not None or attempt.authorization.state is not OperationState.SUCCEEDED:
        return 0
    return attempt.authorization.approved_minor - captured_minor(attempt)


def refundable_minor(attempt: Attempt) -> int:
    """What is captured of an attempt and neither refunded nor asked to be."""
    refunded_minor = _sum(attempt.operations, Verb.REFUND, pending=False)
    return captured_minor(attempt) - refunded_minor - _sum(attempt.operations, Verb.REFUND, pending=True)


def capturable_attempt(payment: Payment) -> Attempt | None:
    """The attempt that holds an open authorisation, if there is one."""
    for attempt in reversed(payment.attempts):
        authorized = attempt.authorization.state is OperationState.SUCCEEDED
        if authorized and attempt.closed_at is None and not attempt.abandoned:
            voids = [o for o in attempt.operations if o.verb is Verb.VOID]
            if not any(o.open or o.state is OperationState.SUCCEEDED for o in voids):
                return attempt
    return None


def amounts_of(payment: Payment) -> Amounts:
    """All amounts of a payment. Attempts that were abandoned and are reversed are left out."""
    operations = [o for attempt in payment.attempts if not attempt.abandoned for o in attempt.operations]
    attempt = capturable_attempt(payment)
    return Amounts(
        requested_minor=payment.amount_minor,
        authorized_minor=_sum(operations, Verb.AUTHORIZE, pending=False),
        captured_minor=_sum(operations, Verb.CAPTURE, pending=False),
        capture_pending_minor=_sum(operations, Verb.CAPTURE, pending=True),
        capturable_minor=uncaptured_minor(attempt) if attempt else 0,
        refunded_minor=_sum(operations, Verb.REFUND, pending=False),
        refund_pending_minor=_sum(operations, Verb.REFUND, pending=True),
    )
