"""What a stream transport has to do, so that Redis may be replaced (Kafka would fit) without touching who uses it.

A stream is split into partitions. One writer at a time appends to a partition; it holds a *fence*, a number that
rises with every change of writer, and every entry's id is (fence, seq). Ids of a partition are never used twice.
One reader at a time of each *group* reads a partition, in order; what it read stays pending until acknowledged. A
group's *floor* is an id at or below which everything is processed; the group reports it so that the rest may be
trimmed, and published again when the transport forgets.
"""

import zlib
from collections.abc import Mapping, Sequence
from datetime import timedelta
from enum import StrEnum
from typing import NamedTuple, Protocol

import msgspec

PARTITIONS = 8
"""Partitions of every stream. Changing it moves aggregates between partitions: drain the streams first."""


def partition_of(aggregate_id: str, partitions: int = PARTITIONS) -> int:
    """The partition of an aggregate: all its events go through one, which keeps their order."""
    return zlib.crc32(aggregate_id.encode()) % partitions


class Partition(NamedTuple):
    """One ordered part of a stream."""

    stream: str
    number: int


class EntryId(NamedTuple):
    """Where an entry stands in its partition. Compares as the transport orders."""

    fence: int
    seq: int

    def __str__(self) -> str:
        return f"{self.fence}-{self.seq}"

    @classmethod
    def parse(cls, text: str) -> "EntryId":
        """The id in ``fence-seq``. Raises ValueError for anything else."""
        fence, seq = text.split("-")
        return cls(int(fence), int(seq))


ORIGIN = EntryId(0, 0)
"""Before every entry."""


class Outgoing(NamedTuple):
    """What is appended."""

    event_id: str
    aggregate_id: str
    payload: bytes
    traceparent: str | None


class Entry(NamedTuple):
    """What is read. ``payload`` is None where the transport lost it after delivering its id."""

    id: EntryId
    event_id: str
    aggregate_id: str
    payload: bytes | None
    traceparent: str | None


class StreamUnavailable(Exception):
    """The transport does not answer. What was sent may have happened."""


class GroupMissing(Exception):
    """The transport does not know the group: it forgot, or it never heard of it."""


class Appended(msgspec.Struct, frozen=True):
    """All entries are in the stream, under consecutive ids from ``first``."""

    first: EntryId


class RefusalKind(StrEnum):
    """Why nothing was appended."""

    FORGOTTEN = "forgotten"
    """The transport lost the writer's mark or entries that it had taken: publish again from the lowest floor."""
    FENCED = "fenced"
    """Somebody wrote under a higher fence."""
    FAILED = "failed"
    """The transport could not do it for this partition; a part of the entries may be there."""


class Refused(msgspec.Struct, frozen=True):
    """Not appended. ``seen_fence`` is the highest fence that the transport knows."""

    kind: RefusalKind
    seen_fence: int = 0


class Append(msgspec.Struct, frozen=True):
    """Entries for one partition under a writer's fence. ``after`` is the last id that the writer knows to be there."""

    partition: Partition
    fence: int
    after: EntryId
    entries: Sequence[Outgoing]


class Joined(msgspec.Struct, frozen=True):
    """Where a group stands.

    What it was given is at or below ``last``: acknowledged, or pending. A partition that is not ``ready`` waits for its
    writer, because it is new or entries were lost: nothing of it may be processed.
    """

    last: EntryId
    ready: bool


class StreamWriter(Protocol):
    """The side that the relay uses. Every method raises StreamUnavailable."""

    async def append(self, appends: Sequence[Append]) -> list[Appended | Refused]:
        """Append to several partitions; each is all or nothing, without entries it only checks."""
        ...

    async def take(self, partition: Partition, fence: int, after: EntryId) -> Refused | None:
        """Become the writer of what is there. Refused where a higher fence wrote or ``after`` is missing."""
        ...

    async def restart(self, partition: Partition, fence: int) -> Refused | None:
        """Become the writer of an empty partition: what is there is dropped, all groups with it."""
        ...

    async def read_floors(self, partitions: Sequence[Partition]) -> dict[Partition, dict[str, EntryId]]:
        """The floors as the groups report them; a group that has reported nothing stands at ORIGIN."""
        ...

    async def trim(self, partition: Partition, floor: EntryId) -> None:
        """Drop every entry at or below ``floor``."""
        ...

    async def cap(self, partition: Partition, entries: int) -> None:
        """Keep about the newest ``entries``: for partitions that nobody reads."""
        ...

    async def close(self) -> None:
        """Give the connections back."""
        ...


class StreamReader(Protocol):
    """The side that a consumer of a group uses. Every method raises StreamUnavailable."""

    async def read(
        self, positions: Mapping[Partition, EntryId | None], *, count: int, wait: timedelta
    ) -> dict[Partition, list[Entry]]:
        """Up to ``count`` entries of each partition: pending ones after a position, new ones where it is None.

        Waits only where every position is None and there is nothing new. Raises GroupMissing.
        """
        ...

    async def join(self, partition: Partition) -> Joined:
        """Begin to read a partition; the group is created where it is missing, before the first entry."""
        ...

    async def acknowledge(self, acknowledged: Mapping[Partition, Sequence[EntryId]]) -> None:
        """Forget these pending entries."""
        ...

    async def report_floors(self, floors: Mapping[Partition, EntryId]) -> None:
        """Tell the writers' side what is processed."""
        ...

    async def report_loss(self, partition: Partition) -> None:
        """Tell the writers' side that entries are missing: it drops the partition and publishes again."""
        ...

    async def bury(self, entry: Entry, partition: Partition, reason: str) -> None:
        """Copy an entry to the group's dead-letter stream."""
        ...

    async def close(self) -> None:
        """Give the connections back."""
        ...
