"""Events become messages and deliveries, in the transaction that marks them as taken.

What there is room for is recorded as claimed by this process already: between the commit and the first attempt there
is then nothing to ask the database.
"""

import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from florin.contracts.events import Event
from florin.database import Connection
from florin.ids import new_id, shard_of
from notifications.domain.delivery import Claim, Message
from notifications.domain.endpoint import Endpoint
from notifications.domain.payload import encode_payload
from notifications.operations.dispatch import Dispatcher
from notifications.operations.measure import EVENT_AGE
from notifications.operations.sync_endpoints import EndpointSync
from notifications.store.deliveries import NewDelivery, database_now, record_messages, unfinished
from notifications.store.endpoints import endpoints_of_merchants


class Incoming(NamedTuple):
    """An event as it came, with the trace that it belongs to."""

    event: Event
    traceparent: str | None


class Accepted(NamedTuple):
    """What to hand to the dispatcher once the transaction is committed."""

    endpoints: Mapping[str, Endpoint]
    claims: Sequence[Claim]
    waiting: Sequence[str]
    claimed_at: float


NOTHING = Accepted({}, (), (), 0.0)


async def accept_events(
    conn: Connection, incoming: Sequence[Incoming], *, dispatcher: Dispatcher, sync: EndpointSync
) -> Accepted:
    """Record what the merchants' endpoints want of these events, in the caller's transaction."""
    moded = [each for each in incoming if each.event.livemode is not None]
    merchant_ids = {each.event.merchant_id for each in moded}
    await sync.catch_up(conn, merchant_ids)
    endpoints = {endpoint.id: endpoint for endpoint in await endpoints_of_merchants(conn, merchant_ids)}
    wanted = [(each, [endpoint for endpoint in endpoints.values() if _is_for(endpoint, each.event)]) for each in moded]
    wanted = [(each, chosen) for each, chosen in wanted if chosen]
    if not wanted:
        return NOTHING
    claimed_at, now = time.monotonic(), await database_now(conn)
    in_order = {each.event.aggregate_id for each, chosen in wanted if any(endpoint.ordered for endpoint in chosen)}
    busy = await unfinished(conn, in_order)
    rooms = Counter({endpoint.id: dispatcher.room(endpoint) for _, chosen in wanted for endpoint in chosen})
    messages, deliveries = [], []
    ids = _ids(wanted)
    for each, chosen in wanted:
        message = _message(each)
        messages.append(message)
        for endpoint in chosen:
            pair = (endpoint.id, message.aggregate_id)
            claimed = rooms[endpoint.id] > 0 and not (endpoint.ordered and pair in busy)
            rooms[endpoint.id] -= claimed
            busy.add(pair)
            deliveries.append(NewDelivery(next(ids), endpoint.id, message, each.event.sequence, each.event.n, claimed))
    fresh = await record_messages(
        conn, messages, deliveries, now=now, holder=dispatcher.holder, lease_s=dispatcher.limits.lease_s
    )
    return Accepted(
        endpoints=endpoints,
        # Some were here before (an inbox that was purged too early): what is new is attempted when its lease ends.
        claims=[new.claim() for new in deliveries if new.claimed] if fresh else (),
        waiting=sorted({new.endpoint_id for new in deliveries if not new.claimed}),
        claimed_at=claimed_at,
    )


def dispatch_accepted(accepted: Accepted, dispatcher: Dispatcher) -> None:
    """After the commit: begin."""
    now = datetime.now(UTC)
    for claim in accepted.claims:
        EVENT_AGE.observe(max((now - claim.message.occurred_at).total_seconds(), 0.0))
    dispatcher.take(accepted.endpoints, accepted.claims, claimed_at=accepted.claimed_at)
    if accepted.waiting:
        dispatcher.wake(accepted.waiting)


def _is_for(endpoint: Endpoint, event: Event) -> bool:
    return (
        endpoint.merchant_id == event.merchant_id and endpoint.livemode is event.livemode and endpoint.wants(event.type)
    )


def _message(each: Incoming) -> Message:
    event = each.event
    return Message(
        id=event.id,
        livemode=bool(event.livemode),
        merchant_id=event.merchant_id,
        event_type=event.type,
        aggregate_id=event.aggregate_id,
        body=encode_payload(event.type, event.occurred_at, event.aggregate_id, event.data),
        traceparent=each.traceparent,
        occurred_at=event.occurred_at,
    )


def _ids(wanted: Sequence[tuple[Incoming, Sequence[Endpoint]]]) -> Iterator[str]:
    """Ids in the order of the events: a replay goes through deliveries by id and must not turn them round."""
    ids: dict[tuple[str, bool], list[str]] = {}
    for each, chosen in wanted:
        event = each.event
        kept = ids.setdefault((event.merchant_id, bool(event.livemode)), [])
        shard = shard_of(event.merchant_id)
        kept.extend(new_id("dlv", livemode=bool(event.livemode), shard=shard) for _ in chosen)
    for kept in ids.values():
        kept.sort(reverse=True)
    for each, chosen in wanted:
        kept = ids[each.event.merchant_id, bool(each.event.livemode)]
        for _ in chosen:
            yield kept.pop()
