"""The queue of callbacks."""

from msgspec import Struct

from simulator.store.book import Book


class QueuedCallback(Struct, frozen=True):
    """A callback that is owed."""

    number: int
    id: str
    terminal: str
    url: str
    body: str
    attempts: int


_QUEUED = "SELECT number, id, terminal, url, body, attempts FROM callbacks"


def enqueue(book: Book, *, callback_id: str, terminal: str, url: str, body: bytes, due_at: float, held: bool) -> int:
    """Owe a callback from ``due_at``. A held one is sent by who holds it, or after a restart by the queue."""
    return book.write(
        "INSERT INTO callbacks (id, terminal, url, body, due_at, state) VALUES (?, ?, ?, ?, ?, ?)",
        callback_id,
        terminal,
        url,
        body.decode(),
        due_at,
        "held" if held else "queued",
    )


def release_held(book: Book) -> None:
    """Put callbacks whose holder died back into the queue."""
    book.write("UPDATE callbacks SET state = 'queued' WHERE state = 'held'")


def find_callback(book: Book, number: int) -> QueuedCallback | None:
    """One callback."""
    row = book.row(f"{_QUEUED} WHERE number = ?", number)
    return QueuedCallback(*row) if row else None


def due_callbacks(book: Book, now: float, limit: int) -> list[QueuedCallback]:
    """What is to be sent now, the longest due first."""
    rows = book.rows(f"{_QUEUED} WHERE state = 'queued' AND due_at <= ? ORDER BY due_at, number LIMIT ?", now, limit)
    return [QueuedCallback(*row) for row in rows]


def next_due(book: Book, now: float) -> float | None:
    """When, after now, the next callback or scheduled dispute is due."""
    row = book.row(
        "SELECT MIN(at) AS at FROM ("
        "SELECT MIN(due_at) AS at FROM callbacks WHERE state = 'queued' AND due_at > ?1 "
        "UNION ALL SELECT MIN(opens_at) FROM disputes WHERE state = 'scheduled' AND opens_at > ?1)",
        now,
    )
    return row["at"] if row else None


def record_attempt(book: Book, number: int, *, state: str, answer: str, due_at: float) -> None:
    """Store how a delivery went."""
    book.write(
        "UPDATE callbacks SET attempts = attempts + 1, state = ?, answer = ?, due_at = ? WHERE number = ?",
        state,
        answer,
        due_at,
        number,
    )


class SentCallback(Struct, frozen=True):
    """A callback as the control API lists it."""

    number: int
    id: str
    terminal: str
    url: str
    body: str
    due_at: float
    attempts: int
    state: str
    answer: str


def list_callbacks(book: Book, after: int, limit: int) -> list[SentCallback]:
    """Callbacks with what became of them, oldest first."""
    rows = book.rows(
        "SELECT number, id, terminal, url, body, due_at, attempts, state, answer FROM callbacks WHERE number > ? "
        "ORDER BY number LIMIT ?",
        after,
        limit,
    )
    return [SentCallback(*row) for row in rows]
