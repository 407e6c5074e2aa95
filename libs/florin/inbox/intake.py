"""What a consumer has taken from one partition, and where it reads on."""

from collections.abc import Sequence

from msgspec import Struct

from florin.inbox.lines import WaitingLines
from florin.inbox.progress import Delivery, Progress
from florin.leases import Lease
from florin.streams.port import ORIGIN, Entry, EntryId, Joined, Partition


class Accepted(Struct, frozen=True):
    """Entries to process, and ids that can be acknowledged unseen."""

    entries: list[Entry]
    stale: list[EntryId]


class Intake:
    """One partition under one lease of the group.

    ``position`` is where reading goes on among the pending entries, None once they are through and new ones are read.
    Of a partition that is not ``ready`` nothing is read; where it ``lost`` entries, the writer has to be told first.
    """

    def __init__(self, partition: Partition, lease: Lease, floor: EntryId) -> None:
        self.partition = partition
        self.lease = lease
        self.ready = False
        self.lost = False
        self.position: EntryId | None = ORIGIN
        self.progress = Progress(floor, ORIGIN)
        self.lines = WaitingLines()
        self.settled: list[EntryId] = []

    @property
    def floor(self) -> EntryId:
        """Everything at or below it is processed."""
        return self.progress.floor

    def settle(self, entry_id: EntryId) -> None:
        """Note that an entry is processed for good; it is to be acknowledged."""
        self.settled.append(entry_id)

    def take_settled(self) -> list[EntryId]:
        """What is to be acknowledged; the floor has risen over it."""
        settled, self.settled = self.settled, []
        self.progress.settle(settled)
        return settled

    def begin(self, joined: Joined) -> None:
        """Start over from what is pending. What was in memory comes again."""
        self.ready = joined.ready
        self.lost = False
        self.position = ORIGIN
        self.progress = Progress(self.progress.floor, joined.last)
        self.settled = []
        self.lines = WaitingLines()

    def accept(self, entries: Sequence[Entry]) -> Accepted:
        """Take what was read at ``position``, and move it on."""
        pending = self.position is not None
        accepted = Accepted([], [])
        for entry in entries:
            if entry.payload is None and entry.id <= self.progress.floor:
                accepted.stale.append(entry.id)  # trimmed, after it was processed and before it was acknowledged
                continue
            delivery = self.progress.deliver(entry.id, pending=pending)
            if delivery is Delivery.SUSPECT:
                self.position = ORIGIN
                return accepted
            if delivery is Delivery.LOST or (delivery is Delivery.TAKEN and entry.payload is None):
                self.ready, self.lost = False, True
                return accepted
            if delivery is Delivery.TAKEN:
                accepted.entries.append(entry)
        if entries and pending:
            self.position = entries[-1].id
        elif pending:
            self.position = None
            self.progress.catch_up()
        return accepted
