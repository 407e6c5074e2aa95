"""Statements on table ``outbox``: what is owed to the streams, and what is known to be there."""

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta

import msgspec

from florin.database import Connection, TransactionRolledBack, literal
from florin.leases import Lease, LeaseLost
from florin.outbox.ordering import OutboxRow
from florin.streams.floors import Floors
from florin.streams.port import ORIGIN, EntryId, Partition

_encode = msgspec.json.Encoder().encode
_ROW = "seq, aggregate_id, version, n, event_id, payload, traceparent"


def _of(partition: Partition) -> str:
    return f"stream = {literal(partition.stream)} AND partition_no = {partition.number}"


def _past(floor: EntryId) -> str:
    # Written out: the server uses no index for a comparison of tuples.
    return f"(entry_fence > {floor.fence} OR (entry_fence = {floor.fence} AND entry_seq > {floor.seq}))"


async def find_unpublished(
    conn: Connection, partitions: Sequence[Partition], *, limit: int
) -> dict[Partition, list[OutboxRow]]:
    """The oldest unpublished rows of each partition, at most ``limit`` of each."""
    selects = (
        f"(SELECT {place} AS place, {_ROW} FROM outbox FORCE INDEX (entry) WHERE {_of(partition)}"
        f" AND entry_fence IS NULL AND entry_seq IS NULL ORDER BY seq LIMIT {limit})"
        for place, partition in enumerate(partitions)
    )
    found: dict[Partition, list[OutboxRow]] = {}
    for row in await conn.fetch_all(" UNION ALL ".join(selects)):
        place, *values = row.values()
        found.setdefault(partitions[place], []).append(OutboxRow(*values))
    return found


async def mark_published(
    conn: Connection, leases: Collection[Lease], published: Mapping[Partition, tuple[EntryId, Sequence[OutboxRow]]]
) -> None:
    """Note the consecutive ids, from the first on, under which rows of each partition went out: all, or LeaseLost.

    A mark that comes late, after the next owner found its entry lost, would hide the row for ever: so the leases are
    locked while it is made. It is one packet with BEGIN and COMMIT, for a connection outside of a transaction.
    """
    if not published:
        return
    named = f"name IN {literal([lease.name for lease in leases])}"
    held = literal([(lease.name, lease.holder, lease.fence) for lease in leases])
    marks = [
        (row.seq, first.fence, first.seq + place)
        for first, rows in published.values()
        for place, row in enumerate(rows)
    ]
    statements = [
        "BEGIN",
        f"SELECT name, holder, fence FROM leases WHERE {named} LOCK IN SHARE MODE",
        f"UPDATE JSON_TABLE({literal(_encode(marks).decode())}, '$[*]' COLUMNS (row_seq BIGINT UNSIGNED PATH '$[0]',"
        " fence BIGINT UNSIGNED PATH '$[1]', entry BIGINT UNSIGNED PATH '$[2]')) AS mark"
        " STRAIGHT_JOIN outbox ON seq = row_seq SET entry_fence = fence, entry_seq = entry WHERE entry_fence IS NULL"
        f" AND (SELECT COUNT(*) FROM leases WHERE {named} AND (name, holder, fence) IN {held}) = {len(leases)}",
    ]
    try:
        _, locked, *_ = await conn.script([*statements, "COMMIT"])
    except TransactionRolledBack:
        await conn.execute("ROLLBACK")
        raise
    lost = set(leases) - {Lease(row["name"], row["holder"], row["fence"]) for row in locked}
    if lost:
        raise LeaseLost({lease.name for lease in lost})


async def find_last_entry(conn: Connection, partition: Partition) -> EntryId:
    """The highest id that a row of the partition is known to have."""
    row = await conn.fetch_one(
        f"SELECT entry_fence, entry_seq FROM outbox WHERE {_of(partition)} AND entry_fence IS NOT NULL"
        " ORDER BY entry_fence DESC, entry_seq DESC LIMIT 1"
    )
    return EntryId(row["entry_fence"], row["entry_seq"]) if row else ORIGIN


async def owe_again(conn: Connection, partition: Partition, floor: EntryId, *, limit: int) -> int:
    """Make up to ``limit`` rows past the floor unpublished again, lowest ids first; how many there were."""
    rows = await conn.fetch_all(
        f"SELECT seq FROM outbox WHERE {_of(partition)} AND {_past(floor)} ORDER BY entry_fence, entry_seq"
        f" LIMIT {limit} FOR UPDATE"
    )
    if rows:
        await conn.execute(
            "UPDATE outbox SET entry_fence = NULL, entry_seq = NULL WHERE seq IN %s", ([row["seq"] for row in rows],)
        )
    return len(rows)


async def delete_old(
    conn: Connection, floors: Floors, streams: Sequence[str], *, after_seq: int, retention: timedelta, limit: int
) -> int | None:
    """Look at ``limit`` rows past ``after_seq``; delete those that are old and processed by every group.

    Where no group reads a partition, being published is enough. Returns the seq to go on from, or None when what
    follows is too young.
    """
    rows = await conn.fetch_all(
        "SELECT seq, stream, partition_no, entry_fence, entry_seq,"
        " occurred_at < NOW(6) - INTERVAL %s SECOND AS is_old FROM outbox WHERE seq > %s ORDER BY seq LIMIT %s",
        (int(retention.total_seconds()), after_seq, limit),
    )
    done = [
        row["seq"]
        for row in rows
        if row["is_old"]
        and row["stream"] in streams
        and row["entry_fence"] is not None
        and all(
            EntryId(row["entry_fence"], row["entry_seq"]) <= floor
            for floor in floors.get(Partition(row["stream"], row["partition_no"]), {}).values()
        )
    ]
    if done:
        await conn.execute("DELETE FROM outbox WHERE seq IN %s AND entry_fence IS NOT NULL", (done,))
    return rows[-1]["seq"] if len(rows) == limit and rows[-1]["is_old"] else None
