"""`/v1/deliveries` and `/v1/replays`."""

from typing import Annotated

from litestar import Controller, Response, get, post
from litestar.params import JSONBody, QueryParameter

from florin.directory import Principal
from florin.errors import NotFound
from florin.service import API_KEY, PAGE, FilterText, FilterTime, Page, PageRequest, UsePage, page_of, parse_time
from notifications.api.access import PathId, Reader, UseRuntime, Writer
from notifications.api.requests import CreateReplay
from notifications.api.views import (
    DeliveryDetail,
    DeliveryView,
    ReplayView,
    view_delivery,
    view_replay,
)
from notifications.domain.delivery import Delivery
from notifications.domain.outcome import DeliveryState
from notifications.domain.replay import Replay
from notifications.operations.replay import begin_replay, replay_one
from notifications.runtime import Runtime
from notifications.store.deliveries import DeliveryFilter, attempts_of, find_delivery, list_deliveries
from notifications.store.replays import cancel_replay, find_replay, list_replays


class Deliveries(Controller):
    """What was sent, and what came of it."""

    path = "/v1/deliveries"
    tags = ("Deliveries",)
    security = API_KEY
    dependencies = {"page": PAGE}  # noqa: RUF012 - Litestar's way

    @get("/")
    async def list(
        self,
        runtime: UseRuntime,
        reader: Reader,
        page: UsePage,
        endpoint_id: FilterText = None,
        payment_id: FilterText = None,
        event_type: FilterText = None,
        delivery_state: Annotated[DeliveryState | None, QueryParameter(name="state")] = None,
        since: FilterTime = None,
        until: FilterTime = None,
    ) -> Page[DeliveryView]:
        """List deliveries, newest first."""
        chosen = DeliveryFilter(
            merchant_id=reader.merchant_id,
            livemode=reader.livemode,
            endpoint_id=endpoint_id,
            aggregate_id=payment_id,
            event_type=event_type,
            state=delivery_state,
            since=parse_time(since, "since"),
            until=parse_time(until, "until"),
        )
        return await page_of_deliveries(runtime, chosen, page)

    @get("/{delivery_id:str}")
    async def read(self, runtime: UseRuntime, reader: Reader, delivery_id: PathId) -> DeliveryDetail:
        """Read a delivery with every attempt: what was sent, what came back, how long it took."""
        return await delivery_detail(runtime, await _own_delivery(runtime, reader, delivery_id))

    @post("/{delivery_id:str}/replay", status_code=202)
    async def replay(self, runtime: UseRuntime, writer: Writer, delivery_id: PathId) -> Response[DeliveryView]:
        """Send a delivery again that is delivered, dead or cancelled, with its whole schedule before it."""
        await _own_delivery(runtime, writer, delivery_id)
        delivery = await replay_one(runtime.database, delivery_id, runtime.dispatcher)
        return Response(view_delivery(delivery), status_code=202)


class Replays(Controller):
    """Sending many deliveries again."""

    path = "/v1/replays"
    tags = ("Replays",)
    security = API_KEY
    dependencies = {"page": PAGE}  # noqa: RUF012 - Litestar's way

    @post("/", status_code=202)
    async def create(self, runtime: UseRuntime, writer: Writer, data: JSONBody[CreateReplay]) -> Response[ReplayView]:
        """Send a range again, or everything that failed. The job survives restarts; read it to see its progress."""
        replay = await begin_replay(
            runtime.database,
            data.selection(),
            merchant_id=writer.merchant_id,
            livemode=writer.livemode,
            actor=f"key:{writer.key_id}",
        )
        runtime.replays.wake()
        return Response(view_replay(replay), status_code=202)

    @get("/")
    async def list(self, runtime: UseRuntime, reader: Reader, page: UsePage) -> Page[ReplayView]:
        """List replays, newest first."""
        return await page_of_replays(runtime, page, merchant_id=reader.merchant_id, livemode=reader.livemode)

    @get("/{replay_id:str}")
    async def read(self, runtime: UseRuntime, reader: Reader, replay_id: PathId) -> ReplayView:
        """Read a replay and how far it has come."""
        return view_replay(await _own_replay(runtime, reader, replay_id))

    @post("/{replay_id:str}/cancel", status_code=200)
    async def cancel(self, runtime: UseRuntime, writer: Writer, replay_id: PathId) -> ReplayView:
        """Stop a replay. What it made pending already stays so."""
        await _own_replay(runtime, writer, replay_id)
        async with runtime.database.connection() as conn:
            await cancel_replay(conn, replay_id)
        return view_replay(await _own_replay(runtime, writer, replay_id))


async def page_of_deliveries(runtime: Runtime, chosen: DeliveryFilter, page: PageRequest) -> Page[DeliveryView]:
    """A page of deliveries."""
    async with runtime.database.connection() as conn:
        found = await list_deliveries(conn, chosen, cursor=page.cursor, backwards=page.backwards, limit=page.fetch)
    return page_of([view_delivery(delivery) for delivery in found], page, lambda view: view.id)


async def page_of_replays(
    runtime: Runtime, page: PageRequest, *, merchant_id: str | None, livemode: bool | None
) -> Page[ReplayView]:
    """A page of replays."""
    async with runtime.database.connection() as conn:
        found = await list_replays(
            conn,
            merchant_id=merchant_id,
            livemode=livemode,
            cursor=page.cursor,
            backwards=page.backwards,
            limit=page.fetch,
        )
    return page_of([view_replay(replay) for replay in found], page, lambda view: view.id)


async def delivery_detail(runtime: Runtime, delivery: Delivery) -> DeliveryDetail:
    """A delivery with its attempts."""
    async with runtime.database.connection() as conn:
        attempts = await attempts_of(conn, [delivery.id])
    return DeliveryDetail(delivery=view_delivery(delivery), attempts=attempts[delivery.id])


async def any_delivery(runtime: Runtime, delivery_id: str) -> Delivery:
    """A delivery, whosever it is. Raises NotFound."""
    async with runtime.database.connection() as conn:
        delivery = await find_delivery(conn, delivery_id)
    if delivery is None:
        raise NotFound(f"There is no delivery {delivery_id[:80]!r}.")
    return delivery


async def _own_delivery(runtime: Runtime, principal: Principal, delivery_id: str) -> Delivery:
    delivery = await any_delivery(runtime, delivery_id)
    if (delivery.merchant_id, delivery.livemode) != (principal.merchant_id, principal.livemode):
        raise NotFound(f"There is no delivery {delivery_id[:80]!r}.")
    return delivery


async def _own_replay(runtime: Runtime, principal: Principal, replay_id: str) -> Replay:
    async with runtime.database.connection() as conn:
        replay = await find_replay(conn, replay_id)
    if replay is None or (replay.merchant_id, replay.livemode) != (principal.merchant_id, principal.livemode):
        raise NotFound(f"There is no replay {replay_id[:80]!r}.")
    return replay
