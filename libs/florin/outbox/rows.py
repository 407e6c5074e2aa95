"""Events become rows of the transaction that made them true."""

from collections.abc import Sequence
from typing import Any

from florin.contracts.events import Event, encode_event
from florin.database import Connection
from florin.streams.port import partition_of
from florin.telemetry import current_traceparent

OUTBOX_COLUMNS = (
    "event_id",
    "stream",
    "partition_no",
    "livemode",
    "merchant_id",
    "aggregate_id",
    "version",
    "n",
    "type",
    "payload",
    "traceparent",
    "occurred_at",
)


def outbox_rows(
    stream: str, events: Sequence[Event], traceparent: str | None = None
) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
    """Columns and rows of table ``outbox``, for a writer that puts many decisions into one statement.

    ``traceparent`` is the one of the request that decided; the writer's own trace is nobody's.
    """
    return OUTBOX_COLUMNS, [
        (
            event.id,
            stream,
            partition_of(event.aggregate_id),
            event.livemode,
            event.merchant_id,
            event.aggregate_id,
            event.sequence,
            event.n,
            event.type,
            encode_event(event),
            traceparent,
            event.occurred_at,
        )
        for event in events
    ]


async def record_events(conn: Connection, stream: str, events: Sequence[Event]) -> None:
    """Owe the publication of events, in the caller's transaction.

    Call it while the aggregate's row is locked: only then does the order of rows follow the order of versions. Raises
    DuplicateKey where the event, or this version of the aggregate, is already there. Call ``Relay.wake()`` after the
    commit.
    """
    columns, rows = outbox_rows(stream, events, current_traceparent())
    await conn.insert_rows("outbox", columns, rows)
