"""Floors in a database: consumers' own (``consumer_floors``) and what a relay was told (``stream_floors``).

A floor says that everything at or below it is processed, and ids are never used twice: once true it stays true. So
floors only rise, and anybody who knows one may store it, late ones too.
"""

from collections.abc import Mapping, Sequence

from florin.database import Connection, literal
from florin.streams.port import EntryId, Partition

Floors = dict[Partition, dict[str, EntryId]]
"""Of each partition, the floor of each group."""

_COLUMNS = "stream, partition_no, group_name, entry_fence, entry_seq, updated_at"
# Assignments run from left to right: entry_seq is set while entry_fence is still the old one.
_RISE = (
    "entry_seq = CASE WHEN VALUES(entry_fence) > entry_fence THEN VALUES(entry_seq)"
    " WHEN VALUES(entry_fence) = entry_fence THEN GREATEST(VALUES(entry_seq), entry_seq) ELSE entry_seq END,"
    " entry_fence = GREATEST(VALUES(entry_fence), entry_fence), updated_at = VALUES(updated_at)"
)


async def raise_floors(conn: Connection, table: str, floors: Mapping[Partition, Mapping[str, EntryId]]) -> None:
    """Store floors; a lower one than is there changes nothing."""
    values = ",".join(
        f"({literal(partition.stream)},{partition.number},{literal(group)},{floor.fence},{floor.seq},NOW(6))"
        for partition, groups in sorted(floors.items())
        for group, floor in sorted(groups.items())
    )
    if values:
        await conn.execute(f"INSERT INTO {table} ({_COLUMNS}) VALUES {values} ON DUPLICATE KEY UPDATE {_RISE}")


async def read_floors(conn: Connection, table: str, streams: Sequence[str]) -> Floors:
    """All floors that are stored for these streams."""
    floors: Floors = {}
    for row in await conn.fetch_all(f"SELECT {_COLUMNS} FROM {table} WHERE stream IN %s", (list(streams),)):
        groups = floors.setdefault(Partition(row["stream"], row["partition_no"]), {})
        groups[row["group_name"]] = EntryId(row["entry_fence"], row["entry_seq"])
    return floors


def merged(*sources: Mapping[str, EntryId]) -> dict[str, EntryId]:
    """The highest floor of each group."""
    floors: dict[str, EntryId] = {}
    for source in sources:
        for group, floor in source.items():
            floors[group] = max(floor, floors.get(group, floor))
    return floors
