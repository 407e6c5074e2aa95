"""What tests of the rules of payments bring along: contexts, cards, routes, and a payment to lead through its life."""

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec import Struct

from payments.domain.cancel import Cancel, cancel
from payments.domain.capture import Capture, capture
from payments.domain.confirm import Confirm, confirm
from payments.domain.create import Create, create
from payments.domain.decision import Context, Decision
from payments.domain.declines import normalize
from payments.domain.expire import Expire, expire
from payments.domain.outcome import Approved, Declined, NotSent, Outcome
from payments.domain.payment import Attempt, CaptureMethod, Card, Operation, Payment, Route
from payments.domain.record_outcome import RecordOutcome, record_outcome
from payments.domain.refund import Refund, refund
from payments.domain.states import Status, status_of

START = datetime(2026, 1, 1, 12, tzinfo=UTC)
CARD = Card(token="tok_visa", scheme="visa", bin="424242", last4="4242")
ONE_ROUTE = (Route("first"),)
TWO_ROUTES = (Route("first"), Route("second"))
TWO_STEPS = (Route("first", captures_with_authorization=False),)

DO_NOT_HONOR = Declined(normalize("05"))
ISSUER_UNAVAILABLE = Declined(normalize("91"))
NEVER_AGAIN = Declined(normalize("91", advice_code="03"))
NOT_SENT = NotSent("no connection")


class Ids(Struct, frozen=True):
    """`payments.domain.decision.FreshIds` that were drawn beforehand."""

    attempt_id: str
    operation_id: str
    reference: str
    capture_id: str
    repair_id: str
    repair_reference: str


class Contexts:
    """Contexts with names that tell where they come from, each a second later than the one before."""

    def __init__(self) -> None:
        self.now = START
        self._numbers = itertools.count(1)

    def new(self, key_id: str = "") -> Context:
        n = next(self._numbers)
        self.now += timedelta(seconds=1)
        ids = Ids(f"att{n}", f"op{n}", f"REF{n}", f"cap{n}", f"fix{n}", f"FIXREF{n}")
        return Context(f"dec{n}", "test", self.now, ids, key_id)


class Life:
    """A payment led through its life: each step decides, keeps the new state, and gives the decision back."""

    def __init__(
        self,
        *,
        amount_minor: int = 1000,
        currency: str = "EUR",
        exponent: int = 2,
        capture_method: CaptureMethod = CaptureMethod.AUTOMATIC,
        card: Card | None = CARD,
        routes: tuple[Route, ...] | None = ONE_ROUTE,
    ) -> None:
        self.contexts = Contexts()
        command = Create(
            context=self.contexts.new("key_create"),
            payment_id="pay_1",
            livemode=False,
            merchant_id="shop",
            config_version=1,
            amount_minor=amount_minor,
            currency=currency,
            exponent=exponent,
            capture_method=capture_method,
            card=card,
            routes=routes,
        )
        self.decisions: list[Decision] = []
        self.payment: Payment = self._keep(create(command)).payment

    def status(self) -> Status:
        return status_of(self.payment)

    @property
    def attempt(self) -> Attempt:
        return self.payment.attempts[-1]

    @property
    def operation(self) -> Operation:
        """The operation asked for last."""
        return self.attempt.operations[-1]

    def events(self) -> list[str]:
        """Every event so far, in order."""
        return [str(event.type) for decision in self.decisions for event in decision.events]

    def balance(self, purpose: str) -> int:
        """What the ledger says of an account, debits positive."""
        return sum(line.amount_minor for d in self.decisions for line in d.lines if line.purpose == purpose)

    def confirm(self, card: Card | None = None, routes: tuple[Route, ...] = ONE_ROUTE) -> Decision:
        return self._keep(confirm(self.payment, Confirm(self.contexts.new("key_confirm"), routes, card)))

    def capture(self, amount_minor: int | None = None, *, final: bool = False) -> Decision:
        return self._keep(capture(self.payment, Capture(self.contexts.new("key_capture"), amount_minor, final)))

    def cancel(self, reason: str = "") -> Decision:
        return self._keep(cancel(self.payment, Cancel(self.contexts.new("key_cancel"), reason)))

    def refund(self, amount_minor: int | None = None, reason: str = "") -> Decision:
        return self._keep(refund(self.payment, Refund(self.contexts.new("key_refund"), amount_minor, reason)))

    def expire(self) -> Decision:
        self.contexts.now += timedelta(days=8)
        return self._keep(expire(self.payment, Expire(self.contexts.new())))

    def tell(self, outcome: Outcome, operation: Operation | None = None, *, final: bool = False) -> Decision:
        """The acquirer's word on an operation (the last one)."""
        about = (operation or self.operation).id
        return self._keep(record_outcome(self.payment, RecordOutcome(self.contexts.new(), about, outcome, final)))

    def approve(self, amount_minor: int | None = None, operation: Operation | None = None, **more: Any) -> Decision:
        """The acquirer did the operation (the last one), for its amount unless another one is told."""
        about = operation or self.operation
        amount_minor = about.amount_minor if amount_minor is None else amount_minor
        return self.tell(Approved(f"acq_{about.id}", amount_minor, self.payment.currency, **more), about)

    def _keep(self, decision: Decision) -> Decision:
        self.decisions.append(decision)
        self.payment = decision.payment
        return decision


def authorized(amount_minor: int = 1000, **more: Any) -> Life:
    """A payment whose authorisation waits for a capture."""
    life = Life(amount_minor=amount_minor, capture_method=CaptureMethod.MANUAL, **more)
    life.approve()
    return life


def captured(amount_minor: int = 1000, **more: Any) -> Life:
    """A payment that was charged."""
    life = Life(amount_minor=amount_minor, **more)
    life.approve()
    return life
