"""A message of no consequence, to see whether an endpoint receives and verifies."""

from datetime import UTC, datetime

from florin.contracts.events import snapshot
from florin.database import Connection, Database
from florin.errors import Conflict
from florin.ids import new_id, shard_of
from florin.telemetry import current_traceparent
from notifications.domain.announcements import event_id
from notifications.domain.delivery import Message
from notifications.domain.endpoint import EndpointState
from notifications.domain.payload import encode_payload
from notifications.operations.change_endpoint import Address, endpoint_missing
from notifications.operations.dispatch import Dispatcher
from notifications.store.deliveries import NewDelivery, database_now, record_messages
from notifications.store.endpoints import find_endpoint

PING = "webhook.ping"


class EndpointInactive(Conflict):
    """A paused or disabled endpoint is sent nothing; resume it first."""

    code = "endpoint_inactive"


async def ping_endpoint(db: Database, address: Address, dispatcher: Dispatcher) -> str:
    """Send a ping whatever the endpoint's filters say; the id of its delivery. Raises NotFound, EndpointInactive."""

    async def record(conn: Connection) -> NewDelivery:
        endpoint = await find_endpoint(conn, address.endpoint_id, address.merchant_id, livemode=address.livemode)
        if endpoint is None:
            raise endpoint_missing(address.endpoint_id)
        if endpoint.state is not EndpointState.ACTIVE:
            raise EndpointInactive(f"This endpoint is {endpoint.state}; resume it first.")
        now = datetime.now(UTC)
        data = snapshot({"endpoint_id": endpoint.id, "livemode": endpoint.livemode})
        message = Message(
            id=event_id(endpoint.merchant_id, livemode=endpoint.livemode),
            livemode=endpoint.livemode,
            merchant_id=endpoint.merchant_id,
            event_type=PING,
            aggregate_id=endpoint.id,
            body=encode_payload(PING, now, endpoint.id, data),
            traceparent=current_traceparent(),
            occurred_at=now,
        )
        delivery_id = new_id("dlv", livemode=endpoint.livemode, shard=shard_of(endpoint.merchant_id))
        delivery = NewDelivery(delivery_id, endpoint.id, message, sequence=0, n=0, claimed=False)
        await record_messages(
            conn,
            [message],
            [delivery],
            now=await database_now(conn),
            holder=dispatcher.holder,
            lease_s=dispatcher.limits.lease_s,
        )
        return delivery

    delivery = await db.run(record)
    dispatcher.wake([delivery.endpoint_id])
    return delivery.id
