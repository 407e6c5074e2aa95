"""`/admin/v1` for operators and `/internal/v1` for other services."""

from datetime import datetime
from typing import Annotated

from litestar import Controller, Response, get, post
from litestar.params import JSONBody, QueryParameter
from msgspec import Struct

from florin.contracts.deliveries import PaymentDeliveries, PaymentDelivery
from florin.errors import NotFound
from florin.inbox import DeadLetter, list_dead_letters
from florin.service import PAGE, FilterText, FilterTime, Page, PageRequest, UsePage, parse_time
from notifications.api.access import PathId, UseRuntime
from notifications.api.deliveries import any_delivery, delivery_detail, page_of_deliveries, page_of_replays
from notifications.api.requests import AdminReplay
from notifications.api.views import DeliveryDetail, DeliveryView, ReplayView, view_delivery, view_replay
from notifications.domain.outcome import DeliveryState
from notifications.operations.replay import begin_replay, replay_one
from notifications.store.deliveries import DeliveryFilter, attempts_of, deliveries_of_aggregate
from notifications.store.replays import find_replay


class ConsumerDeadLetter(Struct, frozen=True, kw_only=True):
    """An event of a stream that could not be handled."""

    id: str
    group: str
    stream: str
    event_id: str
    aggregate_id: str
    reason: str
    tries: int
    created_at: datetime


class DeadLetters(Struct, frozen=True, kw_only=True):
    """What needs a person: events that no delivery was made of, and deliveries that were given up. Newest first."""

    events: list[ConsumerDeadLetter]
    deliveries: list[DeliveryView]


class Admin(Controller):
    """Deliveries of all merchants."""

    tags = ("Operators",)
    dependencies = {"page": PAGE}  # noqa: RUF012 - Litestar's way

    @get("/deliveries")
    async def list_deliveries(
        self,
        runtime: UseRuntime,
        page: UsePage,
        merchant_id: FilterText = None,
        livemode: Annotated[bool | None, QueryParameter()] = None,
        endpoint_id: FilterText = None,
        payment_id: FilterText = None,
        event_type: FilterText = None,
        delivery_state: Annotated[DeliveryState | None, QueryParameter(name="state")] = None,
        since: FilterTime = None,
        until: FilterTime = None,
    ) -> Page[DeliveryView]:
        """List deliveries, newest first within a merchant."""
        chosen = DeliveryFilter(
            merchant_id=merchant_id,
            livemode=livemode,
            endpoint_id=endpoint_id,
            aggregate_id=payment_id,
            event_type=event_type,
            state=delivery_state,
            since=parse_time(since, "since"),
            until=parse_time(until, "until"),
        )
        return await page_of_deliveries(runtime, chosen, page)

    @get("/deliveries/{delivery_id:str}")
    async def read_delivery(self, runtime: UseRuntime, delivery_id: PathId) -> DeliveryDetail:
        """Read a delivery with every attempt."""
        return await delivery_detail(runtime, await any_delivery(runtime, delivery_id))

    @post("/deliveries/{delivery_id:str}/replay", status_code=202)
    async def replay_delivery(self, runtime: UseRuntime, delivery_id: PathId) -> Response[DeliveryView]:
        """Send one delivery again."""
        delivery = await replay_one(runtime.database, delivery_id, runtime.dispatcher)
        return Response(view_delivery(delivery), status_code=202)

    @post("/replays", status_code=202)
    async def create_replay(self, runtime: UseRuntime, data: JSONBody[AdminReplay]) -> Response[ReplayView]:
        """Send a range of a merchant's deliveries again, or everything that failed."""
        replay = await begin_replay(
            runtime.database,
            data.selection(),
            merchant_id=data.merchant_id,
            livemode=data.livemode,
            actor="operator",
        )
        runtime.replays.wake()
        return Response(view_replay(replay), status_code=202)

    @get("/replays")
    async def list_replays(
        self, runtime: UseRuntime, page: UsePage, merchant_id: FilterText = None
    ) -> Page[ReplayView]:
        """List replays, newest first within a merchant."""
        return await page_of_replays(runtime, page, merchant_id=merchant_id, livemode=None)

    @get("/replays/{replay_id:str}")
    async def read_replay(self, runtime: UseRuntime, replay_id: PathId) -> ReplayView:
        """Read a replay and how far it has come."""
        async with runtime.database.connection() as conn:
            replay = await find_replay(conn, replay_id)
        if replay is None:
            raise NotFound(f"There is no replay {replay_id[:80]!r}.")
        return view_replay(replay)

    @get("/dead_letters")
    async def dead_letters(
        self, runtime: UseRuntime, limit: Annotated[int, QueryParameter(ge=1, le=100)] = 100
    ) -> DeadLetters:
        """List what was given up: events that could not be handled, and deliveries whose attempts are exhausted."""
        async with runtime.database.connection() as conn:
            letters = await list_dead_letters(conn, limit=limit)
        dead = await page_of_deliveries(runtime, DeliveryFilter(state=DeliveryState.DEAD), PageRequest(limit=limit))
        return DeadLetters(events=[_letter(letter) for letter in letters], deliveries=dead.data)

    @post("/dead_letters/{dead_letter_id:str}/replay", status_code=204)
    async def replay_dead_letter(self, runtime: UseRuntime, dead_letter_id: PathId) -> None:
        """Handle an event again that could not be handled."""
        await runtime.consumer.replay_dead_letter(dead_letter_id)


class Internal(Controller):
    """What other services ask."""

    tags = ("Between services",)

    @get("/payments/{payment_id:str}/deliveries")
    async def payment_deliveries(self, runtime: UseRuntime, payment_id: PathId) -> PaymentDeliveries:
        """List what was told about a payment, to whom, and how it went; oldest first."""
        async with runtime.database.connection() as conn:
            deliveries = await deliveries_of_aggregate(conn, payment_id)
            attempts = await attempts_of(conn, [delivery.id for delivery in deliveries])
        return PaymentDeliveries(
            payment_id,
            [
                PaymentDelivery(
                    id=delivery.id,
                    endpoint_id=delivery.endpoint_id,
                    event_id=delivery.message_id,
                    event_type=delivery.event_type,
                    state=delivery.state,
                    reason=delivery.reason,
                    next_attempt_at=delivery.next_attempt_at,
                    created_at=delivery.created_at,
                    finished_at=delivery.finished_at,
                    attempts=attempts[delivery.id],
                )
                for delivery in deliveries
            ],
        )


def _letter(letter: DeadLetter) -> ConsumerDeadLetter:
    return ConsumerDeadLetter(
        id=letter.id,
        group=letter.group_name,
        stream=letter.stream,
        event_id=letter.event_id,
        aggregate_id=letter.aggregate_id,
        reason=letter.reason,
        tries=letter.tries,
        created_at=letter.created_at,
    )
