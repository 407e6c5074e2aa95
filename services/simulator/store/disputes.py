"""Disputes that cardholders raised or will raise."""

from msgspec import Struct

from simulator.store.book import Book
from simulator.store.operations import Movement


class Dispute(Struct, frozen=True):
    """A dispute. ``business_date`` is the day it was opened, ``resolved_date`` the day it was won or lost."""

    number: int
    id: str
    authorization_id: str
    state: str
    opens_at: float
    amount_minor: int
    currency: str
    reason_code: str
    business_date: str
    resolved_date: str


_DISPUTE = f"SELECT {', '.join(Dispute.__struct_fields__)} FROM disputes"


def insert_dispute(book: Book, dispute: Dispute) -> None:
    """Add a dispute; its number comes from the book."""
    book.write(
        "INSERT INTO disputes (id, authorization_id, state, opens_at, amount_minor, currency, reason_code, "
        "business_date) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        dispute.id,
        dispute.authorization_id,
        dispute.state,
        dispute.opens_at,
        dispute.amount_minor,
        dispute.currency,
        dispute.reason_code,
        dispute.business_date,
    )


def find_dispute(book: Book, dispute_id: str) -> Dispute | None:
    """One dispute."""
    row = book.row(f"{_DISPUTE} WHERE id = ?", dispute_id)
    return Dispute(*row) if row else None


def has_dispute(book: Book, authorization_id: str) -> bool:
    """Whether a dispute of this charge is scheduled, open or decided."""
    sql = "SELECT 1 FROM disputes WHERE authorization_id = ? AND state <> 'dropped'"
    return book.row(sql, authorization_id) is not None


def scheduled_disputes(book: Book, now: float) -> list[Dispute]:
    """Disputes whose time has come."""
    return [Dispute(*row) for row in book.rows(f"{_DISPUTE} WHERE state = 'scheduled' AND opens_at <= ?", now)]


def update_dispute(book: Book, dispute: Dispute) -> None:
    """Store a dispute's new state."""
    book.write(
        "UPDATE disputes SET state = ?, amount_minor = ?, business_date = ?, resolved_date = ? WHERE id = ?",
        dispute.state,
        dispute.amount_minor,
        dispute.business_date,
        dispute.resolved_date,
        dispute.id,
    )


def list_disputes(book: Book) -> list[Dispute]:
    """Every dispute, oldest first."""
    return [Dispute(*row) for row in book.rows(f"{_DISPUTE} ORDER BY number")]


def dispute_movements(book: Book, day: str) -> list[tuple[str, Movement]]:
    """Chargebacks of disputes opened on a day, and reversals of those won on it."""
    sql = (
        "SELECT {direction}, a.reference, a.id, a.terminal, a.mid, a.card, d.currency, d.amount_minor, d.id "
        "FROM disputes d JOIN authorizations a ON a.id = d.authorization_id WHERE {condition} ORDER BY d.number"
    )
    opened = book.rows(sql.format(direction=-1, condition="d.business_date = ?"), day)
    won = book.rows(sql.format(direction=1, condition="d.state = 'won' AND d.resolved_date = ?"), day)
    return [("chargeback", Movement(*row)) for row in opened] + [("chargeback_reversal", Movement(*row)) for row in won]
