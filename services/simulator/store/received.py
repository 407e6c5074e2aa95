"""Receivers, and every webhook that came to them."""

import sqlite3
from datetime import UTC, datetime

import msgspec
from msgspec import Struct

from simulator.domain.receivers import Receiver
from simulator.store.book import Book


class Received(Struct, frozen=True, kw_only=True):
    """A webhook as it came. ``reason`` says why it is not verified; ``status`` is what it was answered."""

    number: int
    receiver: str
    webhook_id: str
    received_at: datetime
    verified: bool
    reason: str
    status: int
    headers: dict[str, str]
    body: str


class ReceiverSummary(Struct, frozen=True):
    """A receiver with what it got."""

    name: str
    received: int
    verified: int
    distinct: int


_RECEIVED = f"SELECT {', '.join(Received.__struct_fields__)} FROM received"


def _received(row: sqlite3.Row) -> Received:
    return Received(
        number=row["number"],
        receiver=row["receiver"],
        webhook_id=row["webhook_id"],
        received_at=datetime.fromtimestamp(row["received_at"], UTC),
        verified=bool(row["verified"]),
        reason=row["reason"],
        status=row["status"],
        headers=msgspec.json.decode(row["headers"], type=dict[str, str]),
        body=bytes(row["body"]).decode(errors="replace"),
    )


def find_receiver(book: Book, name: str) -> Receiver:
    """How a receiver is set; one that nobody set verifies nothing and answers 200."""
    row = book.row("SELECT body FROM receivers WHERE name = ?", name)
    return msgspec.json.decode(row["body"], type=Receiver) if row else Receiver()


def put_receiver(book: Book, name: str, receiver: Receiver) -> None:
    """Set a receiver."""
    body = msgspec.json.encode(receiver).decode()
    book.write("INSERT OR REPLACE INTO receivers (name, body) VALUES (?, ?)", name, body)


def insert_received(book: Book, webhook: Received, body: bytes) -> None:
    """Remember a webhook, its body byte for byte."""
    book.write(
        "INSERT INTO received (receiver, webhook_id, received_at, verified, reason, status, headers, body) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        webhook.receiver,
        webhook.webhook_id,
        webhook.received_at.timestamp(),
        webhook.verified,
        webhook.reason,
        webhook.status,
        msgspec.json.encode(webhook.headers).decode(),
        body,
    )


def list_received(
    book: Book, name: str, *, webhook_id: str | None, after: int, limit: int, newest_first: bool = False
) -> list[Received]:
    """What a receiver got, in the order of arrival or the other way round."""
    order = "DESC" if newest_first else "ASC"
    rows = book.rows(
        f"{_RECEIVED} WHERE receiver = ?1 AND number > ?2 AND (?3 IS NULL OR webhook_id = ?3) "
        f"ORDER BY number {order} LIMIT ?4",
        name,
        after,
        webhook_id,
        limit,
    )
    return [_received(row) for row in rows]


def forget_received(book: Book, name: str) -> None:
    """Empty one receiver's log."""
    book.write("DELETE FROM received WHERE receiver = ?", name)


def summarize_receivers(book: Book) -> list[ReceiverSummary]:
    """Every receiver that was set or got something."""
    rows = book.rows(
        "SELECT n.name, COUNT(r.number), COALESCE(SUM(r.verified), 0), COUNT(DISTINCT r.webhook_id) "
        "FROM (SELECT name FROM receivers UNION SELECT DISTINCT receiver FROM received) n "
        "LEFT JOIN received r ON r.receiver = n.name GROUP BY n.name ORDER BY n.name"
    )
    return [ReceiverSummary(*row) for row in rows]
