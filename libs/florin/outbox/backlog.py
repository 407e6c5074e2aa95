"""How far behind the streams are: measured in the outbox's own database, whether or not the transport answers."""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from florin.database import Connection, literal
from florin.outbox import metrics
from florin.streams.port import EntryId, Partition

_COUNTED_AT_MOST = 10_000
_AGE = "TIMESTAMPDIFF(MICROSECOND, occurred_at, NOW(6)) / 1e6"


class Backlog(Struct, frozen=True):
    """What waits, by stream, and how old the first event is that a group has not processed, by stream and group."""

    unpublished: dict[str, int]
    unpublished_age_s: dict[str, float]
    lag_s: dict[tuple[str, str], float]

    def show(self) -> None:
        """Tell Prometheus."""
        for stream, rows in self.unpublished.items():
            metrics.UNPUBLISHED.labels(stream).set(rows)
            metrics.UNPUBLISHED_AGE.labels(stream).set(self.unpublished_age_s[stream])
        metrics.LAG.clear()  # of what another replica relays now, that one tells
        for (stream, group), lag_s in self.lag_s.items():
            metrics.LAG.labels(stream, group).set(lag_s)


async def measure_backlog(
    conn: Connection, streams: Sequence[str], floors: Mapping[Partition, Mapping[str, EntryId]]
) -> Backlog:
    """Measure the partitions in ``floors``; those of ``streams`` that are not among them count as empty."""
    backlog = Backlog(dict.fromkeys(streams, 0), dict.fromkeys(streams, 0.0), {})
    if not floors:
        return backlog
    for row in await conn.fetch_all(" UNION ALL ".join(_waiting(place) for place in floors)):
        stream, age_s = row["stream"], float(row["age_s"] or 0)
        backlog.unpublished[stream] += row["waiting"]
        backlog.unpublished_age_s[stream] = max(backlog.unpublished_age_s[stream], age_s)
    unread = [_unread(place, group, floor) for place, groups in floors.items() for group, floor in groups.items()]
    for row in await conn.fetch_all(" UNION ALL ".join(unread)) if unread else []:
        key = row["stream"], row["group_name"]
        backlog.lag_s[key] = max(backlog.lag_s.get(key, 0.0), float(row["age_s"] or 0))
    return backlog


def _of(partition: Partition) -> str:
    return (
        f"outbox FORCE INDEX (entry) WHERE stream = {literal(partition.stream)} AND partition_no = {partition.number}"
    )


def _waiting(partition: Partition) -> str:
    rows = f"{_of(partition)} AND entry_fence IS NULL AND entry_seq IS NULL"
    return (
        f"SELECT {literal(partition.stream)} AS stream,"
        f" (SELECT COUNT(*) FROM (SELECT 1 FROM {rows} LIMIT {_COUNTED_AT_MOST}) AS counted) AS waiting,"
        f" (SELECT {_AGE} FROM {rows} ORDER BY seq LIMIT 1) AS age_s"
    )


def _unread(partition: Partition, group: str, floor: EntryId) -> str:
    past = f"(entry_fence > {floor.fence} OR (entry_fence = {floor.fence} AND entry_seq > {floor.seq}))"
    return (
        f"SELECT {literal(partition.stream)} AS stream, {literal(group)} AS group_name,"
        f" (SELECT {_AGE} FROM {_of(partition)} AND {past} ORDER BY entry_fence, entry_seq LIMIT 1) AS age_s"
    )
