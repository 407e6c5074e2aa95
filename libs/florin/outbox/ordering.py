"""The order in which rows are published."""

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from florin.streams.port import Outgoing


class OutboxRow(NamedTuple):
    """A row that waits to be published."""

    seq: int
    aggregate_id: str
    version: int
    n: int
    event_id: str
    payload: bytes
    traceparent: str | None

    def outgoing(self) -> Outgoing:
        """What goes into the stream."""
        return Outgoing(self.event_id, self.aggregate_id, self.payload, self.traceparent)


def in_version_order(rows: Sequence[OutboxRow]) -> list[OutboxRow]:
    """The rows with each aggregate's in the order of its versions, and else as they came.

    Rows are numbered while their aggregate is locked, so that they come in this order already. A writer that forgot
    the lock would break that; it must not break the promise of order as well.
    """
    places: defaultdict[str, list[int]] = defaultdict(list)
    for place, row in enumerate(rows):
        places[row.aggregate_id].append(place)
    ordered = list(rows)
    for own in places.values():
        if len(own) > 1:
            for place, row in zip(own, sorted((rows[i] for i in own), key=lambda r: (r.version, r.n)), strict=True):
                ordered[place] = row
    return ordered
