"""What a payment's operations add up to, in minor units. What is owed or unknown counts as used."""

from msgspec import Struct

from payments.domain.payment import Attempt, OperationState, Payment, Verb


class Amounts(Struct, frozen=True):
    """Each amount apart. ``*_pending_minor`` is asked for and not (yet) known to be done."""

    requested_minor: int
    authorized_minor: int
    captured_minor: int
    capture_pending_minor: int
    capturable_minor: int
    refunded_minor: int
    refund_pending_minor: int


class Tally(Struct, frozen=True):
    """The sums of one attempt.

    ``reversed_minor`` of what was taken must not have been, and Florin gives it back by itself: it uses the
    authorisation up and is otherwise no part of the payment's amounts.
    """

    authorized_minor: int
    taken_minor: int
    reversed_minor: int
    capture_pending_minor: int
    refunded_minor: int
    refund_pending_minor: int

    @property
    def captured_minor(self) -> int:
        """What is captured and stays so unless the merchant refunds it."""
        return self.taken_minor - self.reversed_minor

    @property
    def uncaptured_minor(self) -> int:
        """What is authorised and neither captured nor asked to be."""
        return max(0, self.authorized_minor - self.taken_minor - self.capture_pending_minor)

    @property
    def overdrawn(self) -> bool:
        """More is captured, or asked to be, than was authorised: the acquirer did what we believed it had not."""
        return self.taken_minor + self.capture_pending_minor > self.authorized_minor

    @property
    def refundable_minor(self) -> int:
        """What is captured and neither refunded nor asked to be."""
        return max(0, self.captured_minor - self.refunded_minor - self.refund_pending_minor)


def tally(attempt: Attempt) -> Tally:
    """Add an attempt's operations up."""
    reversed_ids = {o.capture_id for o in attempt.operations if o.repairing}
    taken = given_back = capture_pending = refunded = refund_pending = 0
    for operation in attempt.operations:
        if operation.verb is Verb.CAPTURE:
            if operation.open:
                capture_pending += operation.amount_minor
            elif operation.state is OperationState.SUCCEEDED:
                taken += operation.approved_minor
                given_back += operation.approved_minor if operation.id in reversed_ids else 0
        elif operation.verb is Verb.REFUND and not operation.repairing:
            if operation.open:
                refund_pending += operation.amount_minor
            elif operation.state is OperationState.SUCCEEDED:
                refunded += operation.approved_minor
    authorization = attempt.authorization
    authorized = authorization.approved_minor if authorization.state is OperationState.SUCCEEDED else 0
    return Tally(authorized, taken, given_back, capture_pending, refunded, refund_pending)


def held_minor(attempt: Attempt) -> int:
    """What the ledger holds for an attempt: authorised, not captured, not given up."""
    if attempt.closed_at is not None:
        return 0
    sums = tally(attempt)
    return max(0, sums.authorized_minor - sums.taken_minor)


def authorized_attempt(payment: Payment) -> Attempt | None:
    """The one attempt that was authorised and stands; those that were abandoned and are reversed do not."""
    for attempt in reversed(payment.attempts):
        if attempt.authorization.state is OperationState.SUCCEEDED and not attempt.abandoned:
            return attempt
    return None


def capturable_attempt(payment: Payment) -> Attempt | None:
    """The attempt that holds an open authorisation, if there is one."""
    attempt = authorized_attempt(payment)
    if attempt is None or attempt.closed_at is not None:
        return None
    voids = [o for o in attempt.operations if o.verb is Verb.VOID]
    if any(o.open or o.state is OperationState.SUCCEEDED for o in voids):
        return None
    return attempt


def amounts_of(payment: Payment) -> Amounts:
    """All amounts of a payment. Attempts that were abandoned and are reversed are left out."""
    attempt = authorized_attempt(payment)
    if attempt is None:
        return Amounts(payment.amount_minor, 0, 0, 0, 0, 0, 0)
    sums = tally(attempt)
    return Amounts(
        requested_minor=payment.amount_minor,
        authorized_minor=sums.authorized_minor,
        captured_minor=sums.captured_minor,
        capture_pending_minor=sums.capture_pending_minor,
        capturable_minor=sums.uncaptured_minor if capturable_attempt(payment) else 0,
        refunded_minor=sums.refunded_minor,
        refund_pending_minor=sums.refund_pending_minor,
    )
