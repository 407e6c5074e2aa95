"""Which deliveries a replay takes."""

from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from notifications.domain.endpoint import matches
from notifications.domain.outcome import DeliveryState


class ReplayState(StrEnum):
    """A replay that is running goes on after any crash."""

    RUNNING = "running"
    DONE = "done"
    CANCELLED = "cancelled"


class Selection(Struct, frozen=True, kw_only=True):
    """What has to hold of a delivery to be replayed; empty lists and None: anything."""

    states: tuple[DeliveryState, ...] = (DeliveryState.DEAD,)
    endpoint_id: str | None = None
    aggregate_id: str | None = None
    events: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None

    def covers(
        self, *, state: DeliveryState, endpoint_id: str, aggregate_id: str, event_type: str, created_at: datetime
    ) -> bool:
        """Whether a delivery is to be replayed. One that is pending needs no replay."""
        return (
            state is not DeliveryState.PENDING
            and state in self.states
            and self.endpoint_id in (None, endpoint_id)
            and self.aggregate_id in (None, aggregate_id)
            and (not self.events or any(matches(pattern, event_type) for pattern in self.events))
            and (self.since is None or created_at >= self.since)
            and (self.until is None or created_at < self.until)
        )


class Replay(Struct, frozen=True, kw_only=True):
    """A replay and how far it has come: of ``examined`` deliveries ``replayed`` were made pending again."""

    id: str
    livemode: bool
    merchant_id: str
    selection: Selection
    actor: str
    state: ReplayState
    cursor_id: str
    until_id: str
    examined: int
    replayed: int
    created_at: datetime
    finished_at: datetime | None = None
