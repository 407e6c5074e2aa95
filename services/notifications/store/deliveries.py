"""Tables ``messages`` and ``deliveries``: recording them, and reading deliveries and their attempts."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import msgspec

from florin.contracts.deliveries import DeliveryAttempt
from florin.database import Connection, Row, literal
from notifications.domain.delivery import Claim, Delivery, Message
from notifications.domain.outcome import DeliveryState

_MESSAGE_COLUMNS = (
    "livemode",
    "id",
    "merchant_id",
    "event_type",
    "aggregate_id",
    "body",
    "traceparent",
    "occurred_at",
    "recorded_at",
)
_INSERT_COLUMNS = (
    "id",
    "livemode",
    "merchant_id",
    "endpoint_id",
    "message_id",
    "event_type",
    "aggregate_id",
    "sequence",
    "n",
    "state",
    "attempts",
    "next_attempt_at",
    "claimed_by",
    "created_at",
)
_COLUMNS = (
    "id, livemode, merchant_id, endpoint_id, message_id, event_type, aggregate_id, state, reason, attempts, "
    "claimed_by IS NOT NULL AS attempting, next_attempt_at, created_at, finished_at"
)


class NewDelivery(NamedTuple):
    """A delivery to record; ``claimed`` where the process that records it attempts it at once."""

    id: str
    endpoint_id: str
    message: Message
    sequence: int
    n: int
    claimed: bool

    def claim(self) -> Claim:
        """The right to its first attempt."""
        return Claim(delivery_id=self.id, endpoint_id=self.endpoint_id, message=self.message, attempt=1)


async def database_now(conn: Connection) -> datetime:
    """The database's time: leases and due times count on it, whatever the clocks of replicas say."""
    row = await conn.fetch_one("SELECT UTC_TIMESTAMP(6) AS now")
    assert row is not None  # noqa: S101 - for the type checker: a SELECT without FROM has one row
    now: datetime = row["now"]
    return now


async def record_messages(
    conn: Connection,
    messages: Sequence[Message],
    deliveries: Sequence[NewDelivery],
    *,
    now: datetime,
    holder: str,
    lease_s: int,
) -> bool:
    """Record messages with their deliveries; False where some of them were there before."""
    recorded = await conn.insert_rows(
        "messages",
        _MESSAGE_COLUMNS,
        [
            (
                message.livemode,
                message.id,
                message.merchant_id,
                message.event_type,
                message.aggregate_id,
                message.body,
                message.traceparent,
                message.occurred_at,
                now,
            )
            for message in messages
        ],
        ignore=True,
    )
    lease_ends = now + timedelta(seconds=lease_s)
    recorded += await conn.insert_rows(
        "deliveries",
        _INSERT_COLUMNS,
        [
            (
                new.id,
                new.message.livemode,
                new.message.merchant_id,
                new.endpoint_id,
                new.message.id,
                new.message.event_type,
                new.message.aggregate_id,
                new.sequence,
                new.n,
                DeliveryState.PENDING,
                1 if new.claimed else 0,
                lease_ends if new.claimed else now,
                holder if new.claimed else None,
                now,
            )
            for new in deliveries
        ],
        ignore=True,
    )
    return recorded == len(messages) + len(deliveries)


async def unfinished(conn: Connection, aggregate_ids: Collection[str]) -> set[tuple[str, str]]:
    """(endpoint, aggregate) pairs of these aggregates with a delivery that is pending."""
    if not aggregate_ids:
        return set()
    rows = await conn.fetch_all(
        "SELECT DISTINCT endpoint_id, aggregate_id FROM deliveries WHERE aggregate_id IN %s AND state='pending'",
        (sorted(aggregate_ids),),
    )
    return {(row["endpoint_id"], row["aggregate_id"]) for row in rows}


async def cancel_pending(conn: Connection, endpoint_id: str) -> int:
    """Cancel what waits for an endpoint that was deleted."""
    return await conn.execute(
        "UPDATE deliveries SET state='cancelled', reason='endpoint_deleted', next_attempt_at=NULL, claimed_by=NULL, "
        "finished_at=UTC_TIMESTAMP(6) WHERE endpoint_id=%s AND state='pending'",
        (endpoint_id,),
    )


async def replay_deliveries(conn: Connection, ids: Sequence[str]) -> int:
    """Make finished deliveries pending again, with the whole schedule before them; how many were finished."""
    if not ids:
        return 0
    return await conn.execute(
        "UPDATE deliveries SET state='pending', reason=NULL, attempts_before=attempts, finished_at=NULL, "
        "claimed_by=NULL, next_attempt_at=UTC_TIMESTAMP(6) WHERE id IN %s AND state<>'pending'",
        (sorted(ids),),
    )


class DeliveryFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which deliveries to list; None: whichever."""

    merchant_id: str | None = None
    livemode: bool | None = None
    endpoint_id: str | None = None
    aggregate_id: str | None = None
    event_type: str | None = None
    state: DeliveryState | None = None
    since: datetime | None = None
    until: datetime | None = None

    def conditions(self) -> list[str]:
        """As SQL."""
        equal = {
            "merchant_id": self.merchant_id,
            "livemode": self.livemode,
            "endpoint_id": self.endpoint_id,
            "aggregate_id": self.aggregate_id,
            "event_type": self.event_type,
            "state": self.state,
        }
        found = [f"{name}={literal(value)}" for name, value in equal.items() if value is not None]
        if self.since is not None:
            found.append(f"created_at >= {literal(self.since)}")
        if self.until is not None:
            found.append(f"created_at < {literal(self.until)}")
        return found


async def list_deliveries(
    conn: Connection, chosen: DeliveryFilter, *, cursor: str | None, backwards: bool, limit: int
) -> list[Delivery]:
    """Newest first (by id, which tells the time within one merchant), or from the cursor towards newer ones."""
    conditions = chosen.conditions()
    if cursor is not None:
        conditions.append(f"id {'>' if backwards else '<'} {literal(cursor)}")
    rows = await conn.fetch_all(
        f"SELECT {_COLUMNS} FROM deliveries WHERE {' AND '.join(conditions) or '1=1'} "
        f"ORDER BY id {'ASC' if backwards else 'DESC'} LIMIT {int(limit)}"
    )
    return [_delivery(row) for row in rows]


async def find_delivery(conn: Connection, delivery_id: str) -> Delivery | None:
    """A delivery, whosever it is."""
    row = await conn.fetch_one(f"SELECT {_COLUMNS} FROM deliveries WHERE id=%s", (delivery_id,))
    return _delivery(row) if row else None


async def deliveries_of_aggregate(conn: Connection, aggregate_id: str) -> list[Delivery]:
    """Everything about one payment, oldest first."""
    rows = await conn.fetch_all(
        f"SELECT {_COLUMNS} FROM deliveries WHERE aggregate_id=%s ORDER BY sequence, n, id LIMIT 1000", (aggregate_id,)
    )
    return [_delivery(row) for row in rows]


async def attempts_of(conn: Connection, delivery_ids: Collection[str]) -> dict[str, list[DeliveryAttempt]]:
    """Attempts by delivery, in order."""
    found: dict[str, list[DeliveryAttempt]] = defaultdict(list)
    if delivery_ids:
        rows = await conn.fetch_all(
            "SELECT delivery_id, number, started_at, duration_us, status, failure, detail, url, request_headers, "
            "excerpt FROM attempts WHERE delivery_id IN %s ORDER BY delivery_id, number",
            (sorted(delivery_ids),),
        )
        for row in rows:
            found[row["delivery_id"]].append(_attempt(row))
    return found


def _delivery(row: Row) -> Delivery:
    values: dict[str, Any] = {**row, "livemode": bool(row["livemode"]), "attempting": bool(row["attempting"])}
    return Delivery(**{**values, "state": DeliveryState(row["state"])})


def _attempt(row: Row) -> DeliveryAttempt:
    duration_us = row["duration_us"]
    return DeliveryAttempt(
        number=row["number"],
        started_at=row["started_at"],
        duration_ms=None if duration_us is None else duration_us / 1000,
        status=row["status"],
        failure=row["failure"],
        detail=row["detail"],
        url=row["url"],
        request_headers=msgspec.json.decode(row["request_headers"], type=dict[str, str]),
        response_excerpt=row["excerpt"].decode(errors="replace"),
    )
