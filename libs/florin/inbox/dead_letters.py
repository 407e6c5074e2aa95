"""Events that a group could not handle: kept with the reason, listed, and handled again on request."""

from datetime import datetime

from msgspec import DecodeError, Struct

from florin.contracts.events import decode_event
from florin.database import Connection, Database
from florin.errors import Conflict, NotFound
from florin.ids import new_ulid
from florin.inbox.received import Handler, ReceivedEvent
from florin.streams.port import ORIGIN, Entry, Partition

_COLUMNS = (
    "id, group_name, stream, partition_no, event_id, aggregate_id, payload, traceparent, reason, tries, created_at,"
    " replayed_at"
)


class DeadLetter(Struct, frozen=True):
    """A row of table ``dead_letters``. ``replayed_at`` is set once it was handled after all."""

    id: str
    group_name: str
    stream: str
    partition_no: int
    event_id: str
    aggregate_id: str
    payload: bytes
    traceparent: str | None
    reason: str
    tries: int
    created_at: datetime
    replayed_at: datetime | None


class DeadLetterReplayed(Conflict):
    """A dead letter is handled once."""

    code = "dead_letter_replayed"
    title = "This dead letter was replayed already"


class DeadLetterUnreadable(Conflict):
    """What arrived is no event; handling it again cannot help. Its payload is kept for a person."""

    code = "dead_letter_unreadable"
    title = "This dead letter holds no event"


async def keep_dead_letter(
    conn: Connection, group: str, partition: Partition, entry: Entry, *, event_id: str, reason: str, tries: int
) -> None:
    """Store what could not be handled; once for each event of a group."""
    await conn.execute(
        f"INSERT IGNORE INTO dead_letters ({_COLUMNS}) VALUES (%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,NOW(6),NULL)",
        (
            f"dl_{new_ulid()}",
            group,
            partition.stream,
            partition.number,
            event_id,
            entry.aggregate_id[:64],
            entry.payload or b"",
            entry.traceparent,
            reason[:500],
            tries,
        ),
    )


async def list_dead_letters(
    conn: Connection, *, group: str | None = None, before: str | None = None, limit: int = 100, replayed: bool = False
) -> list[DeadLetter]:
    """The newest first, those before an id; those that were replayed only if asked for."""
    conditions, params = ["TRUE"], []
    if group is not None:
        conditions.append("group_name = %s")
        params.append(group)
    if before is not None:
        conditions.append("id < %s")
        params.append(before)
    if not replayed:
        conditions.append("replayed_at IS NULL")
    rows = await conn.fetch_all(
        f"SELECT {_COLUMNS} FROM dead_letters WHERE {' AND '.join(conditions)} ORDER BY id DESC LIMIT {limit:d}", params
    )
    return [DeadLetter(**row) for row in rows]


async def replay_dead_letter(db: Database, dead_letter_id: str, handler: Handler) -> None:
    """Hand the event to the handler again; later events of its aggregate may have been handled since.

    Raises NotFound, DeadLetterReplayed, DeadLetterUnreadable, and what the handler raises.
    """

    async def replay(conn: Connection) -> None:
        row = await conn.fetch_one(f"SELECT {_COLUMNS} FROM dead_letters WHERE id = %s FOR UPDATE", (dead_letter_id,))
        if row is None:
            raise NotFound(f"No dead letter has the id {dead_letter_id[:80]!r}.")
        letter = DeadLetter(**row)
        if letter.replayed_at is not None:
            raise DeadLetterReplayed(f"{letter.id} was replayed at {letter.replayed_at.isoformat()}.")
        entry = Entry(ORIGIN, letter.event_id, letter.aggregate_id, letter.payload, letter.traceparent)
        partition = Partition(letter.stream, letter.partition_no)
        try:
            event = decode_event(letter.payload)
        except DecodeError as error:
            raise DeadLetterUnreadable(f"{letter.id} holds no event: {error}.") from None
        await handler(conn, [ReceivedEvent(event, partition, entry)])
        await conn.execute("UPDATE dead_letters SET replayed_at = NOW(6) WHERE id = %s", (letter.id,))

    await db.run(replay)
