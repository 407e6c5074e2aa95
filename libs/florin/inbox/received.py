"""What a handler is given."""

from collections.abc import Awaitable, Callable

from msgspec import Struct

from florin.contracts.events import Event
from florin.database import Connection
from florin.streams.port import Entry, Partition


class ReceivedEvent(Struct, frozen=True):
    """An event as it came out of a stream. ``traceparent`` continues the trace in which it happened."""

    event: Event
    partition: Partition
    entry: Entry

    @property
    def traceparent(self) -> str | None:
        """Of the request, or other work, that recorded the event."""
        return self.entry.traceparent


Handler = Callable[[Connection, list[ReceivedEvent]], Awaitable[None]]
"""Applies events in the transaction that it is given, and does nothing else: it may be run again.

Events of one aggregate come in order, each once. Within one call, and between calls, those of different aggregates may
come in any order.
"""
