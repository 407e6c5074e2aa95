"""Replays: one delivery at once, many as a durable job.

A job does one batch in a transaction: deliveries made pending, cursor moved. Killed in between, it goes on from the
cursor, in whichever replica locks its row next.
"""

import asyncio
import contextlib
import logging
from datetime import UTC, datetime

from msgspec.structs import replace

from florin.database import Connection, Database
from florin.errors import Conflict, NotFound, Unavailable
from florin.ids import new_id, shard_of
from notifications.domain.delivery import Delivery
from notifications.domain.endpoint import EndpointState
from notifications.domain.outcome import DeliveryState
from notifications.domain.replay import Replay, ReplayState, Selection
from notifications.operations.dispatch import Dispatcher
from notifications.store.deliveries import find_delivery, replay_deliveries
from notifications.store.endpoints import find_endpoints
from notifications.store.replays import (
    insert_replay,
    newest_delivery,
    next_deliveries,
    running_replays,
    save_progress,
    take_replay,
)

BATCH = 500
_POLL_S = 2.0
_log = logging.getLogger(__name__)


class DeliveryPending(Conflict):
    """The delivery is on its way; there is nothing to replay."""

    code = "delivery_pending"


async def replay_one(db: Database, delivery_id: str, dispatcher: Dispatcher) -> Delivery:
    """Send a finished delivery again. Raises NotFound, DeliveryPending, Conflict where its endpoint was deleted."""

    async def replay(conn: Connection) -> Delivery:
        delivery = await find_delivery(conn, delivery_id)
        if delivery is None:
            raise NotFound(f"There is no delivery {delivery_id[:80]!r}.")
        endpoint = (await find_endpoints(conn, [delivery.endpoint_id])).get(delivery.endpoint_id)
        if endpoint is None or endpoint.state is EndpointState.DELETED:
            raise Conflict("The endpoint of this delivery was deleted.")
        if delivery.state is DeliveryState.PENDING or not await replay_deliveries(conn, [delivery_id]):
            raise DeliveryPending("This delivery is pending already; it needs no replay.")
        return await find_delivery(conn, delivery_id) or delivery

    delivery = await db.run(replay)
    dispatcher.wake([delivery.endpoint_id])
    return delivery


async def begin_replay(db: Database, selection: Selection, *, merchant_id: str, livemode: bool, actor: str) -> Replay:
    """Store a replay of everything that is covered now; `ReplayRunner` carries it out."""

    async def store(conn: Connection) -> Replay:
        newest = await newest_delivery(conn, merchant_id, livemode=livemode)
        now = datetime.now(UTC)
        replay = Replay(
            id=new_id("rpl", livemode=livemode, shard=shard_of(merchant_id)),
            livemode=livemode,
            merchant_id=merchant_id,
            selection=selection,
            actor=actor[:128],
            state=ReplayState.RUNNING if newest else ReplayState.DONE,
            cursor_id="",
            until_id=newest or "",
            examined=0,
            replayed=0,
            created_at=now,
            finished_at=None if newest else now,
        )
        await insert_replay(conn, replay)
        return replay

    return await db.run(store)


async def replay_batch(conn: Connection, replay_id: str, batch: int = BATCH) -> Replay | None:
    """One batch of a replay, in the caller's transaction; None where it is finished or in other hands."""
    replay = await take_replay(conn, replay_id)
    if replay is None:
        return None
    ids, rows = await next_deliveries(conn, replay, batch)
    replayed = await replay_deliveries(conn, ids)
    replay = replace(
        replay,
        state=ReplayState.RUNNING if len(rows) == batch else ReplayState.DONE,
        cursor_id=rows[-1]["id"] if rows else replay.cursor_id,
        examined=replay.examined + len(rows),
        replayed=replay.replayed + replayed,
    )
    await save_progress(conn, replay)
    return replay


class ReplayRunner:
    """Carries replays out, a batch of each in turn, so that a long one does not keep a short one waiting."""

    def __init__(self, db: Database, dispatcher: Dispatcher, *, batch: int = BATCH) -> None:
        self._db = db
        self._dispatcher = dispatcher
        self._batch = batch
        self._hint = asyncio.Event()

    def wake(self) -> None:
        """A replay was begun."""
        self._hint.set()

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            try:
                more = await self._round()
            except Unavailable as error:
                _log.warning("Replays cannot go on yet: %s", error)
                more = False
            if not more:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(_POLL_S):
                        await self._hint.wait()
            self._hint.clear()

    async def _round(self) -> bool:
        async with self._db.connection() as conn:
            ids = await running_replays(conn)
        worked = False
        for replay_id in ids:
            replay = await self._db.run(lambda conn, r=replay_id: replay_batch(conn, r, self._batch))  # type: ignore[misc]
            if replay is not None:
                worked = True
                self._dispatcher.wake()
        return worked
