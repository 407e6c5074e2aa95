"""What the relay knows of the groups' floors: stored in its own database, since Redis forgets the reports too."""

from collections.abc import Iterable, Mapping, Sequence

from florin.database import Connection, Database
from florin.streams.floors import Floors, merged, raise_floors, read_floors
from florin.streams.port import ORIGIN, EntryId, Partition

_TABLE = "stream_floors"


class FloorBook:
    """The floors of all groups of some streams.

    ``expected`` names the groups of a stream that must not miss anything even before they have reported once.
    """

    def __init__(self, db: Database, streams: Sequence[str], expected: Mapping[str, Iterable[str]]) -> None:
        self._db = db
        self._streams = list(streams)
        self._expected = {stream: dict.fromkeys(groups, ORIGIN) for stream, groups in expected.items()}
        self._floors: Floors = {}

    async def load(self) -> None:
        """Read what is stored, by other replicas as well."""
        async with self._db.connection() as conn:
            self._floors = await read_floors(conn, _TABLE, self._streams)

    def groups(self, partition: Partition) -> dict[str, EntryId]:
        """The floor of each group of a partition."""
        return merged(self._expected.get(partition.stream, {}), self._floors.get(partition, {}))

    def lowest(self, partition: Partition) -> EntryId | None:
        """Below it nobody needs anything; None where nobody reads the partition."""
        return min(self.groups(partition).values(), default=None)

    async def take(self, reported: Floors, ends: Mapping[Partition, EntryId]) -> None:
        """Store what groups report, as far as it can be true: not past the last id of a partition."""
        risen: Floors = {}
        for partition, groups in reported.items():
            known = self._floors.get(partition, {})
            for group, floor in groups.items():
                credible = min(floor, ends[partition])
                if group not in known or credible > known[group]:
                    risen.setdefault(partition, {})[group] = credible
        if risen:
            async with self._db.connection() as conn:
                await raise_floors(conn, _TABLE, risen)
            for partition, groups in risen.items():
                self._floors[partition] = merged(self._floors.get(partition, {}), groups)


async def forget_group(conn: Connection, stream: str, group: str) -> int:
    """Keep nothing any more for a group that is gone for good; the partitions that it had reported.

    Destroy its groups in the transport as well, or they count as readers that have processed nothing.
    """
    return await conn.execute("DELETE FROM stream_floors WHERE stream = %s AND group_name = %s", (stream, group))
