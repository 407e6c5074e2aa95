"""Operations and the running amounts of authorisations."""

import sqlite3
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct

from simulator.domain.operations import Authorization, Kind, Operation, State, Status
from simulator.store.book import Book


class Booked(Struct, frozen=True):
    """An operation as it stands in the book, with its answer as bytes."""

    number: int
    id: str
    kind: str
    status: str
    authorization_id: str
    direction: int
    amount_minor: int
    refunded_minor: int
    visible_at: float
    fingerprint: str
    body: bytes


_BOOKED = (
    "SELECT number, id, kind, status, authorization_id, direction, amount_minor, refunded_minor, visible_at, "
    "fingerprint, body FROM operations"
)
_AUTHORIZATION = f"SELECT {', '.join(Authorization.__struct_fields__)} FROM authorizations"
_INSERT_AUTHORIZATION = (
    f"INSERT INTO authorizations ({', '.join(Authorization.__struct_fields__)}) "
    f"VALUES ({', '.join('?' * len(Authorization.__struct_fields__))})"
)


def _booked(row: sqlite3.Row) -> Booked:
    return Booked(**{**dict(row), "body": row["body"].encode()})


def find_by_reference(book: Book, terminal: str, reference: str) -> Booked | None:
    """The terminal's operation of this reference: where there are several, the first approved, else the last."""
    rows = book.rows(f"{_BOOKED} WHERE reference = ? AND terminal = ? ORDER BY number", reference, terminal)
    if not rows:
        return None
    return _booked(next((row for row in rows if row["status"] == Status.APPROVED), rows[-1]))


def find_by_id(book: Book, terminal: str, operation_id: str) -> Booked | None:
    """The terminal's operation with this id."""
    row = book.row(f"{_BOOKED} WHERE id = ? AND terminal = ?", operation_id, terminal)
    return _booked(row) if row else None


def find_authorization(book: Book, terminal: str | None, name: str) -> Authorization | None:
    """An approved authorisation, by the acquirer's id or by the terminal's reference; of any terminal where None."""
    column = "id" if name.startswith("aut_") else "reference"
    row = book.row(f"{_AUTHORIZATION} WHERE {column} = ?1 AND (?2 IS NULL OR terminal = ?2)", name, terminal)
    return _authorization(row) if row else None


def _authorization(row: sqlite3.Row) -> Authorization:
    return Authorization(**{**dict(row), "state": State(row["state"])})


def insert_operation(
    book: Book, number: int, operation: Operation, *, direction: int, fingerprint: str, visible_at: float
) -> Booked:
    """Add an operation to the book."""
    body = msgspec.json.encode(operation)
    book.write(
        "INSERT INTO operations (number, id, terminal, reference, kind, status, authorization_id, direction, "
        "amount_minor, currency, business_date, visible_at, fingerprint, body) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        number,
        operation.id,
        operation.terminal,
        operation.reference,
        operation.kind.value,
        operation.status.value,
        operation.authorization,
        direction,
        operation.amount_minor,
        operation.currency,
        operation.business_date,
        visible_at,
        fingerprint,
        body.decode(),
    )
    return Booked(
        number,
        operation.id,
        operation.kind,
        operation.status,
        operation.authorization,
        direction,
        operation.amount_minor,
        0,
        visible_at,
        fingerprint,
        body,
    )


def insert_authorization(book: Book, authorization: Authorization) -> None:
    """Begin the running amounts of an approved authorisation."""
    book.write(_INSERT_AUTHORIZATION, *msgspec.structs.astuple(authorization))


def update_authorization(book: Book, authorization: Authorization) -> None:
    """Store new running amounts."""
    book.write(
        "UPDATE authorizations SET captured_minor = ?, refunded_minor = ?, state = ?, expires_at = ? WHERE id = ?",
        authorization.captured_minor,
        authorization.refunded_minor,
        authorization.state.value,
        authorization.expires_at,
        authorization.id,
    )


def add_refunded(book: Book, operation_id: str, amount_minor: int) -> None:
    """Count a refund against the capture (or sale) that it names."""
    book.write("UPDATE operations SET refunded_minor = refunded_minor + ? WHERE id = ?", amount_minor, operation_id)


class BookedFilter(Struct, frozen=True, kw_only=True):
    """Which operations of the book are wanted; None is any."""

    terminal: str | None = None
    reference: str | None = None
    kind: Kind | None = None
    status: Status | None = None
    currency: str | None = None
    after: int = 0
    limit: int = 100


def _conditions(wanted: BookedFilter) -> tuple[str, list[Any]]:
    columns = ("terminal", "reference", "kind", "status", "currency")
    given = [(column, getattr(wanted, column)) for column in columns if getattr(wanted, column) is not None]
    return "".join(f" AND {column} = ?" for column, _ in given), [str(value) for _, value in given]


def list_operations(book: Book, wanted: BookedFilter) -> list[tuple[int, bytes]]:
    """Numbers and answers of operations, oldest first, after a number."""
    conditions, values = _conditions(wanted)
    sql = f"SELECT number, body FROM operations WHERE number > ?{conditions} ORDER BY number LIMIT ?"
    return [(row["number"], row["body"].encode()) for row in book.rows(sql, wanted.after, *values, wanted.limit)]


class CurrencySum(Struct, frozen=True):
    """What was really moved in one currency."""

    currency: str
    operations: int
    authorized_minor: int
    captured_minor: int
    refunded_minor: int


def sum_by_currency(book: Book, terminal: str | None = None) -> list[CurrencySum]:
    """Sums of approved operations, per currency."""
    rows = book.rows(
        "SELECT currency, COUNT(*) AS operations, "
        "SUM(CASE WHEN kind = 'authorize' THEN amount_minor ELSE 0 END) AS authorized_minor, "
        "SUM(CASE WHEN direction = 1 THEN amount_minor ELSE 0 END) AS captured_minor, "
        "SUM(CASE WHEN direction = -1 THEN amount_minor ELSE 0 END) AS refunded_minor "
        "FROM operations WHERE status = 'approved' AND (?1 IS NULL OR terminal = ?1) GROUP BY currency",
        terminal,
    )
    return [CurrencySum(*row) for row in rows]


class Movement(Struct, frozen=True):
    """Money that one operation moved, for the settlement."""

    direction: int
    reference: str
    authorization_id: str
    terminal: str
    mid: str
    card: str
    currency: str
    amount_minor: int
    arn: str


def movements_of(book: Book, day: str) -> list[Movement]:
    """Everything that moved money on a business day, in the book's order."""
    rows = book.rows(
        "SELECT o.direction, o.reference, o.authorization_id, o.terminal, a.mid, a.card, o.currency, o.amount_minor, "
        "json_extract(o.body, '$.arn') FROM operations o JOIN authorizations a ON a.id = o.authorization_id "
        "WHERE o.business_date = ? AND o.direction <> 0 ORDER BY o.number",
        day,
    )
    return [Movement(*row) for row in rows]


def business_date(now: datetime) -> str:
    """The acquirer closes its day at midnight UTC."""
    return now.date().isoformat()
