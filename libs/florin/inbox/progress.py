"""How far a group has come in one partition. Pure: ids go in, a floor comes out."""

from bisect import insort
from collections.abc import Iterable
from enum import Enum, auto

from florin.streams.port import ORIGIN, EntryId


class Delivery(Enum):
    """What to do with an entry that was read."""

    TAKEN = auto()
    """Process it."""
    KNOWN = auto()
    """It is being processed already."""
    SUSPECT = auto()
    """Something may be missing before it: read the pending entries first, it will be among them."""
    LOST = auto()
    """Something is missing before it: nothing from here on may be processed."""


class Progress:
    """Entries that were delivered and are not settled yet, and the floor below them.

    The floor is never at or past an entry that is not settled, be it delivered or not. That needs every entry after
    ``last`` (what the group had been given when this reader joined) to pass through here. The ids of one fence are
    consecutive and each fence begins at 0, so that a hole shows: a zombie of the same group may have read the entries,
    which leaves them pending, or they are gone.
    """

    def __init__(self, floor: EntryId, last: EntryId) -> None:
        self.floor = floor
        self._last = last
        self._delivered: list[EntryId] = []
        self._outstanding: set[EntryId] = set()

    def deliver(self, entry_id: EntryId, *, pending: bool) -> Delivery:
        """Note an entry that was read, ``pending`` if it had been given to the group before."""
        if entry_id in self._outstanding:
            return Delivery.KNOWN
        last = self._last
        if entry_id > last:
            if entry_id != (last.fence, last.seq + 1):
                if not pending:
                    return Delivery.SUSPECT
                # A new fence begins at 0, and a stream whose beginning was trimmed begins anywhere.
                if last != ORIGIN and (entry_id.fence == last.fence or entry_id.seq > 0):
                    return Delivery.LOST
            self._last = entry_id
        self._outstanding.add(entry_id)
        insort(self._delivered, entry_id)
        return Delivery.TAKEN

    def settle(self, entry_ids: Iterable[EntryId]) -> None:
        """Note entries that are processed for good; the floor rises over all that is settled from below."""
        self._outstanding.difference_update(entry_ids)
        self._rise()

    def catch_up(self) -> None:
        """Note that no pending entry is left to read: what the group was given and is not here, was acknowledged."""
        insort(self._delivered, self._last)
        self._rise()

    def _rise(self) -> None:
        settled = 0
        for delivered in self._delivered:
            if delivered in self._outstanding:
                break
            self.floor = max(self.floor, delivered)
            settled += 1
        del self._delivered[:settled]
