"""Table ``replays``."""

from collections.abc import Sequence

import msgspec

from florin.database import Connection, Row, literal
from notifications.domain.outcome import DeliveryState
from notifications.domain.replay import Replay, ReplayState, Selection

_COLUMNS = tuple(field.name for field in msgspec.structs.fields(Replay))
_SELECT = f"SELECT {','.join(_COLUMNS)} FROM replays"
_encoder = msgspec.json.Encoder()
_selection = msgspec.json.Decoder(Selection)


def _replay(row: Row) -> Replay:
    return Replay(
        **{
            **row,
            "livemode": bool(row["livemode"]),
            "selection": _selection.decode(row["selection"]),
            "state": ReplayState(row["state"]),
        }
    )


async def insert_replay(conn: Connection, replay: Replay) -> None:
    """Store a new one."""
    values = {**msgspec.structs.asdict(replay), "selection": _encoder.encode(replay.selection).decode()}
    await conn.insert_rows("replays", _COLUMNS, [[values[name] for name in _COLUMNS]])


async def find_replay(conn: Connection, replay_id: str) -> Replay | None:
    """A replay, whosever it is."""
    row = await conn.fetch_one(f"{_SELECT} WHERE id=%s", (replay_id,))
    return _replay(row) if row else None


async def list_replays(
    conn: Connection,
    *,
    merchant_id: str | None,
    livemode: bool | None,
    cursor: str | None,
    backwards: bool,
    limit: int,
) -> list[Replay]:
    """Newest first, or from the cursor towards newer ones."""
    conditions = [
        f"{name}={literal(value)}"
        for name, value in (("merchant_id", merchant_id), ("livemode", livemode))
        if value is not None
    ]
    if cursor is not None:
        conditions.append(f"id {'>' if backwards else '<'} {literal(cursor)}")
    rows = await conn.fetch_all(
        f"{_SELECT} WHERE {' AND '.join(conditions) or '1=1'} ORDER BY id {'ASC' if backwards else 'DESC'} "
        f"LIMIT {int(limit)}"
    )
    return [_replay(row) for row in rows]


async def running_replays(conn: Connection) -> list[str]:
    """Ids of those that are not finished, the oldest first."""
    return [row["id"] for row in await conn.fetch_all("SELECT id FROM replays WHERE state='running' ORDER BY id")]


async def take_replay(conn: Connection, replay_id: str) -> Replay | None:
    """Lock a running replay for the caller's transaction; None while another replica is at it."""
    row = await conn.fetch_one(f"{_SELECT} WHERE id=%s AND state='running' FOR UPDATE SKIP LOCKED", (replay_id,))
    return _replay(row) if row else None


async def save_progress(conn: Connection, replay: Replay) -> None:
    """Write how far it has come."""
    await conn.execute(
        "UPDATE replays SET state=%s, cursor_id=%s, examined=%s, replayed=%s, "
        "finished_at=IF(%s, UTC_TIMESTAMP(6), NULL) WHERE id=%s",
        (
            replay.state,
            replay.cursor_id,
            replay.examined,
            replay.replayed,
            replay.state is not ReplayState.RUNNING,
            replay.id,
        ),
    )


async def cancel_replay(conn: Connection, replay_id: str) -> int:
    """Stop one; what it made pending stays so. 0 where it was finished."""
    return await conn.execute(
        "UPDATE replays SET state='cancelled', finished_at=UTC_TIMESTAMP(6) WHERE id=%s AND state='running'",
        (replay_id,),
    )


async def newest_delivery(conn: Connection, merchant_id: str, *, livemode: bool) -> str | None:
    """Where a replay that begins now ends: later deliveries are not its business."""
    row = await conn.fetch_one(
        "SELECT MAX(id) AS newest FROM deliveries WHERE merchant_id=%s AND livemode=%s", (merchant_id, livemode)
    )
    return row["newest"] if row else None


async def next_deliveries(conn: Connection, replay: Replay, limit: int) -> tuple[list[str], Sequence[Row]]:
    """The next deliveries of a merchant after the cursor: ids to replay, and all rows that were looked at."""
    rows = await conn.fetch_all(
        "SELECT d.id, d.state, d.endpoint_id, d.aggregate_id, d.event_type, d.created_at, e.state AS endpoint_state "
        "FROM deliveries d FORCE INDEX (merchant) JOIN endpoints e ON e.id=d.endpoint_id "
        "WHERE d.merchant_id=%s AND d.livemode=%s AND d.id > %s AND d.id <= %s ORDER BY d.id LIMIT %s",
        (replay.merchant_id, replay.livemode, replay.cursor_id, replay.until_id, limit),
    )
    chosen = [
        row["id"]
        for row in rows
        if row["endpoint_state"] != "deleted"
        and replay.selection.covers(
            state=DeliveryState(row["state"]),
            endpoint_id=row["endpoint_id"],
            aggregate_id=row["aggregate_id"],
            event_type=row["event_type"],
            created_at=row["created_at"],
        )
    ]
    return chosen, rows
