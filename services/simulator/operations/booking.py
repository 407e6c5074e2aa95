"""What all four operations share: the reference's earlier answer, and the authorisation that they are about."""

from datetime import datetime

from msgspec import Struct

from simulator.domain.cards import find_card
from simulator.domain.errors import ReferenceReused, UnknownOperation
from simulator.domain.fees import capture_fees, refund_fees
from simulator.domain.network import arn, rrn
from simulator.domain.operations import Authorization, Kind, Operation, Status
from simulator.domain.terminals import Conduct, Terminal
from simulator.store.book import Book
from simulator.store.operations import Booked, business_date, find_authorization, find_by_reference


class Call(Struct, frozen=True):
    """In whose name an operation runs, when, and from when lookups may see it."""

    book: Book
    terminal: Terminal
    conduct: Conduct
    now: datetime
    hidden_ms: int = 0

    @property
    def visible_at(self) -> float:
        """From when lookups find the operation, unix seconds."""
        return self.now.timestamp() + self.hidden_ms / 1000


class Result(Struct, frozen=True):
    """An operation of the book, and whether this call made it or found it."""

    booked: Booked
    replayed: bool = False


def earlier_result(call: Call, reference: str, fingerprint: str) -> Result | None:
    """The answer that this reference got before. Raises ReferenceReused where it asked for something else."""
    if not call.terminal.deduplicate:
        return None
    booked = find_by_reference(call.book, call.terminal.id, reference)
    if booked is None:
        return None
    if booked.fingerprint != fingerprint:
        raise ReferenceReused(
            f"The reference {reference} was used for another {booked.kind} of this terminal.", param="reference"
        )
    return Result(booked, replayed=True)


def require_authorization(call: Call, name: str) -> Authorization:
    """The approved authorisation of an id or reference. Raises UnknownOperation."""
    found = find_authorization(call.book, call.terminal.id, name)
    if found is None:
        raise UnknownOperation(f"This terminal has no approved authorisation {name[:64]!r}.", param="authorization")
    return found


def movement(
    call: Call,
    authorization: Authorization,
    *,
    kind: Kind,
    operation_id: str,
    number: int,
    reference: str,
    amount_minor: int,
) -> Operation:
    """The approved operation that follows up an authorisation: a capture, a refund, or a void."""
    card = find_card(authorization.card).card
    fee_minor = 0
    if kind is Kind.CAPTURE:
        fee_minor = capture_fees(amount_minor, authorization.currency, card).total_minor
    elif kind is Kind.REFUND:
        fee_minor = refund_fees(amount_minor, card).total_minor
    return Operation(
        id=operation_id,
        kind=kind,
        reference=reference,
        terminal=call.terminal.id,
        status=Status.APPROVED,
        authorization=authorization.id,
        amount_minor=amount_minor,
        requested_minor=amount_minor,
        currency=authorization.currency,
        captured=kind is Kind.CAPTURE,
        network_code="00",
        message="Approved",
        rrn=rrn(number, call.now),
        arn=None if kind is Kind.VOID else arn(number, call.now),
        network_transaction_id=authorization.network_transaction_id,
        fee_minor=fee_minor,
        scheme=card.scheme,
        card_last4=card.last4,
        mid=authorization.mid,
        initiator=authorization.initiator,
        business_date=business_date(call.now),
        occurred_at=call.now,
    )
