"""What comes out of the streams of payments becomes deliveries."""

from florin.database import Connection
from florin.inbox import ReceivedEvent
from notifications.operations.accept_events import Incoming, accept_events, dispatch_accepted
from notifications.operations.dispatch import Dispatcher
from notifications.operations.sync_endpoints import EndpointSync

GROUP = "notifications"
STREAMS = ("payments.test", "payments.live")


class EventHandler:
    """Handles events of payments (a `florin.inbox.Handler`)."""

    def __init__(self, dispatcher: Dispatcher, sync: EndpointSync) -> None:
        self._dispatcher = dispatcher
        self._sync = sync

    async def __call__(self, conn: Connection, received: list[ReceivedEvent]) -> None:
        """Record deliveries in the inbox's transaction, and begin them once it is durable."""
        incoming = [Incoming(each.event, each.traceparent) for each in received]
        accepted = await accept_events(conn, incoming, dispatcher=self._dispatcher, sync=self._sync)
        conn.after_commit.append(lambda: dispatch_accepted(accepted, self._dispatcher))
