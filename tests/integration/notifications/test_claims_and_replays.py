"""What survives: claims whose process died, verdicts that come late, replays that are interrupted."""

import asyncio
from datetime import timedelta

import pytest
from aiohttp import web
from standardwebhooks import Webhook
from tests.support.streaming import eventually
from tests.support.webhooks import MERCHANT, Desk, Receiver, payment_event, running_desk

from florin.contracts.merchant_config import RetryPolicy, WebhookOrdering
from florin.database import Database
from florin.errors import Conflict
from notifications.domain.outcome import DeliveryState
from notifications.domain.replay import ReplayState, Selection
from notifications.operations.change_endpoint import (
    Address,
    delete_endpoint,
    pause_endpoint,
    resume_endpoint,
    rotate_secret,
)
from notifications.operations.dispatch import DispatchLimits
from notifications.operations.replay import ReplayRunner, begin_replay, replay_batch, replay_one
from notifications.store.replays import find_replay

ONCE = RetryPolicy(max_attempts=1)


async def test_an_attempt_whose_process_died_is_made_again_after_the_lease(db: Database, receiver: Receiver) -> None:
    async def hang_first(_: web.Request, number: int) -> web.Response:
        if number == 1:
            await asyncio.sleep(60)
        return web.Response()

    url = receiver.behave("/hook", hang_first)
    async with running_desk(db, holder="dies", limits=DispatchLimits(lease_s=3, poll_s=0.05)) as dying:
        await dying.endpoint(url, timeout_s=2)
        await dying.accept(payment_event("pay_1", 1))
        await receiver.wait("/hook", 1)
        for task in dying.dispatcher._tasks:  # as kill -9 does: no outcome, nothing recorded, nothing given back
            task.cancel()
    async with running_desk(db, holder="lives", limits=DispatchLimits(lease_s=30, poll_s=0.05)) as living:
        (first, second) = await receiver.wait("/hook", 2)
        assert second.at - first.at >= 1.9
        assert first.headers["webhook-id"] == second.headers["webhook-id"]
        (delivery,) = await living.settled("delivered", 1)
        attempts = await living.attempts(delivery.id)
    assert [(attempt.number, attempt.failure) for attempt in attempts] == [(1, "interrupted"), (2, None)]


async def test_a_verdict_that_comes_after_the_lease_changes_nothing(db: Database, receiver: Receiver) -> None:
    released = asyncio.Event()

    async def slow_first(_: web.Request, number: int) -> web.Response:
        if number == 1:
            await released.wait()
            return web.Response(status=500)
        return web.Response()

    url = receiver.behave("/hook", slow_first)
    async with running_desk(db, holder="slow") as slow, running_desk(db, holder="other") as other:
        await slow.endpoint(url, retry_policy=ONCE)
        await slow.accept(payment_event("pay_1", 1))
        await receiver.wait("/hook", 1)
        async with db.connection() as conn:  # the lease ends while the attempt goes on
            await conn.execute("UPDATE deliveries SET next_attempt_at=UTC_TIMESTAMP(6), attempts_before=1")
        other.dispatcher.wake()
        slow.dispatcher.close()
        (delivery,) = await other.settled("delivered", 1)
        released.set()

        async def put_right() -> bool:
            return [attempt.status for attempt in await other.attempts(delivery.id)] == [500, 200]

        await eventually(put_right, what="the late attempt's record")
        (after,) = await other.deliveries()
    assert after.state is DeliveryState.DELIVERED


async def test_a_stop_gives_back_what_has_not_begun(db: Database, receiver: Receiver) -> None:
    async def brief(_: web.Request, __: int) -> web.Response:
        await asyncio.sleep(0.3)
        return web.Response()

    async with running_desk(db) as desk:
        await desk.endpoint(receiver.behave("/hook", brief), max_in_flight=2)
        await desk.accept(*(payment_event(f"pay_{number}", 1) for number in range(10)))
        await receiver.wait("/hook", 2)
        await desk.dispatcher.drain(5.0)
        delivered, pending = await desk.deliveries(state="delivered"), await desk.deliveries(state="pending")
    assert len(delivered) + len(pending) == 10
    assert len(delivered) == len(receiver.received) == 2
    assert not any(delivery.attempting for delivery in pending)
    assert all(delivery.attempts == 0 for delivery in pending)


async def test_two_dispatchers_share_without_doubles(db: Database, receiver: Receiver) -> None:
    async with running_desk(db, holder="a") as one, running_desk(db, holder="b"):
        created = await one.endpoint(receiver.url + "/hook")
        await pause_endpoint(db, Address(created.endpoint.id, MERCHANT, livemode=False))
        for start in range(0, 200, 50):
            await one.accept(*(payment_event(f"pay_{number}", 1) for number in range(start, start + 50)))
        assert receiver.received == []
        await resume_endpoint(db, Address(created.endpoint.id, MERCHANT, livemode=False))
        await one.settled("delivered", 200, within_s=30)
    assert len({got.headers["webhook-id"] for got in receiver.received}) == len(receiver.received) == 200


async def test_either_secret_verifies_while_one_replaces_the_other(desk: Desk, receiver: Receiver) -> None:
    created = await desk.endpoint(receiver.url + "/hook")
    address = Address(created.endpoint.id, MERCHANT, livemode=False)
    secrets = [created.secret]
    for number in range(1, 31):
        await desk.accept(payment_event(f"pay_{number}", 1))
        if number % 10 == 0:
            _, fresh = await rotate_secret(desk.db, address, overlap=timedelta(hours=1), secrets=desk.secrets)
            secrets.append(fresh)
    got = await receiver.wait("/hook", 30)
    for number, each in enumerate(got):
        signatures = each.headers["webhook-signature"].split()
        assert len(signatures) == (1 if number < 10 else 2)
        good = [secret for secret in secrets if _verifies(secret, each.body, each.headers)]
        assert len(good) == len(signatures)
    await rotate_secret(desk.db, address, overlap=timedelta(0), secrets=desk.secrets)
    await desk.accept(payment_event("pay_last", 1))
    last = (await receiver.wait("/hook", 31))[-1]
    assert not any(_verifies(secret, last.body, last.headers) for secret in secrets)


def _verifies(secret: str, body: bytes, headers: dict[str, str]) -> bool:
    try:
        Webhook(secret).verify(body, headers)
    except Exception:  # noqa: BLE001 - the library raises several
        return False
    return True


async def test_one_delivery_is_sent_again(desk: Desk, receiver: Receiver) -> None:
    await desk.endpoint(receiver.answer("/hook", 500, 200), retry_policy=ONCE)
    await desk.accept(payment_event("pay_1", 1))
    (dead,) = await desk.settled("dead", 1)
    await replay_one(desk.db, dead.id, desk.dispatcher)
    (delivery,) = await desk.settled("delivered", 1)
    assert delivery.attempts == 2
    first, second = receiver.at("/hook")
    assert first.headers["webhook-id"] == second.headers["webhook-id"]


async def test_what_is_pending_needs_no_replay(desk: Desk, receiver: Receiver) -> None:
    await desk.endpoint(receiver.answer("/hook", 500))
    await desk.accept(payment_event("pay_1", 1))
    await receiver.wait("/hook", 1)
    (pending,) = await desk.deliveries()
    with pytest.raises(Conflict):
        await replay_one(desk.db, pending.id, desk.dispatcher)


async def test_a_replay_that_was_killed_goes_on_from_its_cursor(desk: Desk, receiver: Receiver) -> None:
    url = receiver.answer("/hook", 500)
    created = await desk.endpoint(url, retry_policy=ONCE, max_in_flight=64)
    address = Address(created.endpoint.id, MERCHANT, livemode=False)
    for number in range(30):
        await desk.accept(payment_event(f"pay_{number}", 1))
    while len(await desk.deliveries(state="dead")) < 30:
        await desk.make_due()
        await asyncio.sleep(0.05)
    await pause_endpoint(desk.db, address)
    receiver.answer("/hook", 200)
    replay = await begin_replay(desk.db, Selection(), merchant_id=MERCHANT, livemode=False, actor="test")

    class Killed(Exception):
        pass

    for _ in range(2):
        await desk.db.run(lambda conn: replay_batch(conn, replay.id, 10))

    async def killed_before_its_commit() -> None:
        async with desk.db.transaction() as conn:
            await replay_batch(conn, replay.id, 10)
            raise Killed

    with pytest.raises(Killed):
        await killed_before_its_commit()
    async with desk.db.connection() as conn:
        halfway = await find_replay(conn, replay.id)
    assert halfway is not None
    assert (halfway.state, halfway.examined, halfway.replayed) == (ReplayState.RUNNING, 20, 20)
    await desk.accept(payment_event("pay_later", 1))
    runner = asyncio.create_task(ReplayRunner(desk.db, desk.dispatcher, batch=10).run())
    try:
        await eventually(lambda: _is_done(desk, replay.id), what="the replay")
    finally:
        runner.cancel()
    await resume_endpoint(desk.db, address)
    desk.dispatcher.wake()
    await desk.settled("delivered", 31)
    done = await _replay(desk, replay.id)
    assert (done.examined, done.replayed) == (30, 30)
    assert done.finished_at is not None


async def _replay(desk: Desk, replay_id: str):  # type: ignore[no-untyped-def]
    async with desk.db.connection() as conn:
        return await find_replay(conn, replay_id)


async def _is_done(desk: Desk, replay_id: str) -> bool:
    return (await _replay(desk, replay_id)).state is ReplayState.DONE


async def test_a_replay_takes_what_it_covers(desk: Desk, receiver: Receiver) -> None:
    one = await desk.endpoint(receiver.url + "/one")
    await desk.endpoint(receiver.url + "/two")
    await desk.accept(payment_event("pay_1", 1), payment_event("pay_1", 2, event_type="payment.failed"))
    await desk.settled("delivered", 4)
    chosen = Selection(states=(DeliveryState.DELIVERED,), endpoint_id=one.endpoint.id, events=("payment.failed",))
    replay = await begin_replay(desk.db, chosen, merchant_id=MERCHANT, livemode=False, actor="test")
    done = await desk.db.run(lambda conn: replay_batch(conn, replay.id))
    assert done is not None
    assert (done.state, done.examined, done.replayed) == (ReplayState.DONE, 4, 1)
    desk.dispatcher.wake()
    again = (await receiver.wait("/one", 3))[-1]
    assert b"payment.failed" in again.body
    assert len(receiver.at("/two")) == 2


async def test_a_replay_keeps_the_order_of_a_payment(desk: Desk, receiver: Receiver) -> None:
    await desk.endpoint(receiver.url + "/hook", ordering=WebhookOrdering.PAYMENT)
    events = [payment_event("pay_1", sequence) for sequence in range(1, 21)]
    await desk.accept(*events)
    await desk.settled("delivered", 20)
    chosen = Selection(states=(DeliveryState.DELIVERED,))
    replay = await begin_replay(desk.db, chosen, merchant_id=MERCHANT, livemode=False, actor="test")
    await desk.db.run(lambda conn: replay_batch(conn, replay.id))
    desk.dispatcher.wake()
    got = await receiver.wait("/hook", 40)
    assert [each.headers["webhook-id"] for each in got] == [event.id for event in events] * 2


async def test_deleting_an_endpoint_cancels_what_waits(desk: Desk, receiver: Receiver) -> None:
    created = await desk.endpoint(receiver.answer("/hook", 500))
    await desk.accept(payment_event("pay_1", 1))
    await receiver.wait("/hook", 1)
    await delete_endpoint(desk.db, Address(created.endpoint.id, MERCHANT, livemode=False))
    (delivery,) = await desk.deliveries()
    assert (delivery.state, delivery.reason) == (DeliveryState.CANCELLED, "endpoint_deleted")
    await desk.accept(payment_event("pay_2", 1))
    assert len(await desk.deliveries()) == 1
