"""Events about endpoints and deliveries, for the stream ``notifications.{test,live}``."""

from datetime import datetime

from florin.contracts.deliveries import DeadDeliverySnapshot, EndpointSnapshot
from florin.contracts.events import Event, snapshot
from florin.ids import new_id, shard_of
from notifications.domain.delivery import Result
from notifications.domain.endpoint import Endpoint


def stream_of(*, livemode: bool) -> str:
    """The stream of one mode."""
    return f"notifications.{'live' if livemode else 'test'}"


def event_id(merchant_id: str, *, livemode: bool) -> str:
    """An id for an event of ours."""
    return new_id("evt", livemode=livemode, shard=shard_of(merchant_id))


def endpoint_event(endpoint: Endpoint, event_type: str, now: datetime) -> Event:
    """``endpoint.created``, ``.updated``, ``.disabled`` or ``.deleted``: the endpoint's version orders them."""
    return Event(
        id=event_id(endpoint.merchant_id, livemode=endpoint.livemode),
        type=event_type,
        merchant_id=endpoint.merchant_id,
        aggregate_id=endpoint.id,
        sequence=endpoint.version,
        occurred_at=now,
        livemode=endpoint.livemode,
        data=snapshot(
            EndpointSnapshot(
                id=endpoint.id,
                merchant_id=endpoint.merchant_id,
                livemode=endpoint.livemode,
                url=endpoint.url,
                events=endpoint.events,
                state=endpoint.state,
                state_reason=endpoint.state_reason,
                ordering=endpoint.ordering,
                managed_name=endpoint.name,
                version=endpoint.version,
            )
        ),
    )


def dead_delivery_event(result: Result, now: datetime) -> Event:
    """``delivery.dead``; a delivery can die once for each attempt, after replays."""
    message, outcome = result.claim.message, result.attempt.outcome
    return Event(
        id=event_id(message.merchant_id, livemode=message.livemode),
        type="delivery.dead",
        merchant_id=message.merchant_id,
        aggregate_id=result.claim.delivery_id,
        sequence=result.claim.attempt,
        occurred_at=now,
        livemode=message.livemode,
        data=snapshot(
            DeadDeliverySnapshot(
                id=result.claim.delivery_id,
                merchant_id=message.merchant_id,
                livemode=message.livemode,
                endpoint_id=result.claim.endpoint_id,
                event_id=message.id,
                event_type=message.event_type,
                aggregate_id=message.aggregate_id,
                reason=str(result.verdict.reason),
                attempts=result.claim.attempt,
                last_status=outcome.status,
                last_failure=outcome.failure,
            )
        ),
    )
