"""Events that wait because one of their aggregate failed. Pure: the time is an argument."""

from collections import deque

from florin.inbox.received import ReceivedEvent


class WaitingLine:
    """Events of one aggregate, in order; the first one is tried again at ``retry_at``."""

    def __init__(self, first: ReceivedEvent, retry_at: float) -> None:
        self.events = deque([first])
        self.retry_at = retry_at


class WaitingLines:
    """The lines of one partition. An aggregate that has a line waits; all others go on."""

    def __init__(self) -> None:
        self._lines: dict[str, WaitingLine] = {}

    def __len__(self) -> int:
        return sum(len(line.events) for line in self._lines.values())

    def begin(self, failed: ReceivedEvent, retry_at: float) -> None:
        """Make an aggregate wait behind the event that failed."""
        self._lines[failed.entry.aggregate_id] = WaitingLine(failed, retry_at)

    def join(self, received: ReceivedEvent) -> bool:
        """Put an event behind others of its aggregate; False where none waits."""
        line = self._lines.get(received.entry.aggregate_id)
        if line is None:
            return False
        line.events.append(received)
        return True

    def take_due(self, now: float) -> list[list[ReceivedEvent]]:
        """The lines whose time has come. They are lines no more."""
        due = [aggregate_id for aggregate_id, line in self._lines.items() if line.retry_at <= now]
        return [list(self._lines.pop(aggregate_id).events) for aggregate_id in due]

    def next_due(self) -> float | None:
        """When the next line's time comes."""
        return min((line.retry_at for line in self._lines.values()), default=None)
