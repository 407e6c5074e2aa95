"""Disputes: raised now by the control API, or by itself for a card that disputes later."""

from datetime import datetime

from msgspec.structs import replace

from florin.errors import Conflict, NotFound
from florin.ids import new_ulid
from simulator.domain.cards import find_card
from simulator.domain.operations import Authorization
from simulator.operations.booking import Call
from simulator.store.book import Book
from simulator.store.disputes import Dispute, find_dispute, has_dispute, insert_dispute, update_dispute
from simulator.store.operations import business_date

_FRAUD = {"visa": "10.4", "mastercard": "4837", "amex": "F29", "discover": "UA02"}


class NothingToDispute(Conflict):
    """The charge took no money, or is disputed already."""

    code = "nothing_to_dispute"
    title = "There is nothing to dispute"


def schedule_dispute(call: Call, authorization: Authorization) -> None:
    """Let the cardholder dispute the charge after the acquirer's dispute delay."""
    opens_at = call.now.timestamp() + call.conduct.dispute_delay_ms / 1000
    insert_dispute(call.book, _new_dispute(authorization, "scheduled", opens_at, reason_code=None))


def raise_dispute(book: Book, authorization: Authorization, reason_code: str | None, now: datetime) -> Dispute:
    """Dispute everything captured and not refunded. Raises NothingToDispute."""
    if has_dispute(book, authorization.id):
        raise NothingToDispute("The charge is disputed already.", param="authorization")
    if authorization.captured_minor == authorization.refunded_minor:
        raise NothingToDispute("Nothing captured is left of the charge.", param="authorization")
    opened = replace(
        _new_dispute(authorization, "opened", now.timestamp(), reason_code), business_date=business_date(now)
    )
    insert_dispute(book, opened)
    return opened


def open_dispute(book: Book, dispute: Dispute, authorization: Authorization, now: datetime) -> Dispute | None:
    """Open a scheduled dispute on what is left of the charge; None (and dropped) where nothing is left."""
    left_minor = authorization.captured_minor - authorization.refunded_minor
    if left_minor == 0:
        update_dispute(book, replace(dispute, state="dropped"))
        return None
    opened = replace(dispute, state="opened", amount_minor=left_minor, business_date=business_date(now))
    update_dispute(book, opened)
    return opened


def resolve_dispute(book: Book, dispute_id: str, *, won: bool, now: datetime) -> Dispute:
    """End an open dispute; a won one gives the merchant the money back. Raises NotFound or Conflict."""
    dispute = find_dispute(book, dispute_id)
    if dispute is None:
        raise NotFound(f"No dispute has the id {dispute_id[:64]!r}.")
    if dispute.state != "opened":
        raise Conflict(f"The dispute is {dispute.state}, not open.")
    resolved = replace(dispute, state="won" if won else "lost", resolved_date=business_date(now))
    update_dispute(book, resolved)
    return resolved


def _new_dispute(authorization: Authorization, state: str, opens_at: float, reason_code: str | None) -> Dispute:
    scheme = find_card(authorization.card).card.scheme
    return Dispute(
        number=0,
        id=f"dsp_{new_ulid()}",
        authorization_id=authorization.id,
        state=state,
        opens_at=opens_at,
        amount_minor=authorization.captured_minor - authorization.refunded_minor,
        currency=authorization.currency,
        reason_code=reason_code or _FRAUD.get(scheme, "10.4"),
        business_date="",
        resolved_date="",
    )
