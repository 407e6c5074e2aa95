"""Deliveries to real servers, well-behaved and not."""

import asyncio
from typing import Any

import pytest
from aiohttp import web
from standardwebhooks import Webhook
from tests.support.webhooks import Desk, Receiver, payment_event, raw_receiver

from florin.contracts.merchant_config import RetryPolicy, WebhookOrdering

ONCE = RetryPolicy(max_attempts=1)


async def one_attempt(desk: Desk, url: str, **fields: Any) -> Any:
    """What came of a delivery that is attempted once."""
    await desk.endpoint(url, retry_policy=ONCE, **fields)
    await desk.accept(payment_event("pay_1", 1))
    (delivery,) = await desk.settled("dead", 1)
    (attempt,) = await desk.attempts(delivery.id)
    return attempt


async def test_an_event_reaches_who_wants_it_and_verifies(desk: Desk, receiver: Receiver) -> None:
    wanting = await desk.endpoint(receiver.url + "/wanting", events=("payment.*",))
    await desk.endpoint(receiver.url + "/refunds", events=("refund.*",))
    await desk.endpoint(receiver.url + "/other", merchant_id="other")
    event = payment_event("pay_1", 1)
    await desk.accept(event, traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
    (got,) = await receiver.wait("/wanting", 1)
    payload = Webhook(wanting.secret).verify(got.body, got.headers)
    assert payload["type"] == "payment.captured"
    assert payload["data"] == {"id": "pay_1", "version": 1}
    assert got.headers["webhook-id"] == event.id
    assert got.headers["content-type"] == "application/json"
    assert got.headers["traceparent"].split("-")[1] == "0af7651916cd43dd8448eb211c80319c"
    (delivery,) = await desk.settled("delivered", 1)
    (attempt,) = await desk.attempts(delivery.id)
    assert (attempt.status, attempt.failure, attempt.response_excerpt) == (200, None, "ok")
    assert attempt.request_headers["webhook-signature"] == got.headers["webhook-signature"]
    assert len(receiver.received) == 1


async def test_an_event_of_live_mode_reaches_no_endpoint_of_test_mode(desk: Desk, receiver: Receiver) -> None:
    await desk.endpoint(receiver.url + "/test")
    await desk.accept(payment_event("pay_1", 1, livemode=True), payment_event("pay_2", 1))
    (got,) = await receiver.wait("/test", 1)
    assert b"pay_2" in got.body
    assert len(await desk.deliveries()) == 1


async def test_a_failure_is_tried_again_with_a_fresh_timestamp(desk: Desk, receiver: Receiver) -> None:
    url = receiver.answer("/flaky", 500, 200)
    endpoint = await desk.endpoint(url, retry_policy=RetryPolicy(initial_backoff_seconds=2, max_backoff_seconds=2))
    await desk.accept(payment_event("pay_1", 1))
    first, second = await receiver.wait("/flaky", 2)
    assert 1.6 <= second.at - first.at < 4.5
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert int(second.headers["webhook-timestamp"]) > int(first.headers["webhook-timestamp"])
    assert first.body == second.body
    Webhook(endpoint.secret).verify(second.body, second.headers)
    (delivery,) = await desk.settled("delivered", 1)
    assert [attempt.status for attempt in await desk.attempts(delivery.id)] == [500, 200]


@pytest.mark.parametrize("status", [301, 302, 307, 400, 404, 500, 503])
async def test_only_2xx_is_success(desk: Desk, receiver: Receiver, status: int) -> None:
    elsewhere = receiver.url + "/elsewhere"
    attempt = await one_attempt(desk, receiver.answer("/hook", status, headers={"location": elsewhere}))
    assert attempt.status == status
    assert attempt.response_excerpt == "as told"
    assert receiver.at("/elsewhere") == []


async def test_a_dead_delivery_tells_why(desk: Desk, receiver: Receiver) -> None:
    await one_attempt(desk, receiver.answer("/hook", 500))
    (delivery,) = await desk.deliveries()
    assert (delivery.reason, delivery.attempts, delivery.next_attempt_at) == ("attempts_exhausted", 1, None)
    async with desk.db.connection() as conn:
        events = await conn.fetch_all("SELECT type, stream FROM outbox WHERE type='delivery.dead'")
    assert events == [{"type": "delivery.dead", "stream": "notifications.test"}]


async def test_410_disables_the_endpoint_and_keeps_what_comes(desk: Desk, receiver: Receiver) -> None:
    await desk.endpoint(receiver.answer("/gone", 410, 200))
    await desk.accept(payment_event("pay_1", 1))
    (dead,) = await desk.settled("dead", 1)
    assert dead.reason == "endpoint_gone"
    await desk.accept(payment_event("pay_2", 1))
    async with desk.db.connection() as conn:
        endpoint = await conn.fetch_one("SELECT state, state_reason FROM endpoints")
        events = await conn.fetch_all("SELECT type FROM outbox WHERE type='endpoint.disabled'")
    assert endpoint == {"state": "disabled", "state_reason": "The receiver answered 410 Gone."}
    assert len(events) == 1
    (waiting,) = await desk.deliveries(state="pending")
    assert waiting.attempts == 0
    assert len(receiver.received) == 1


async def test_429_holds_the_whole_endpoint_for_retry_after(desk: Desk, receiver: Receiver) -> None:
    await desk.endpoint(receiver.answer("/busy", 429, 200, headers={"retry-after": "2"}), max_in_flight=1)
    await desk.accept(*(payment_event(f"pay_{number}", 1) for number in range(3)))
    got = await receiver.wait("/busy", 2)
    assert got[1].at - got[0].at >= 1.9


async def test_a_receiver_that_never_answers_is_left_after_its_time(desk: Desk, receiver: Receiver) -> None:
    async def never(_: web.Request, __: int) -> web.Response:
        await asyncio.sleep(60)
        raise AssertionError

    attempt = await one_attempt(desk, receiver.behave("/never", never), timeout_s=1)
    assert attempt.failure == "timed_out"
    assert 1000 <= attempt.duration_ms < 2500


async def test_a_huge_answer_is_not_read(desk: Desk, receiver: Receiver) -> None:
    sent = 0

    async def flood(request: web.Request, _: int) -> web.StreamResponse:
        nonlocal sent
        response = web.StreamResponse(status=200)
        await response.prepare(request)
        for _ in range(10_000):
            await response.write(b"x" * 65_536)
            sent += 65_536
        return response

    await desk.endpoint(receiver.behave("/flood", flood))
    await desk.accept(payment_event("pay_1", 1))
    (delivery,) = await desk.settled("delivered", 1)
    (attempt,) = await desk.attempts(delivery.id)
    assert attempt.response_excerpt == "x" * 1024
    assert sent < 32_000_000


@pytest.mark.parametrize(
    ("answer", "failure"),
    [
        (None, "connection_closed"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "response_invalid"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"a" * 100_000 + b"\r\n\r\n", "response_invalid"),
    ],
)
async def test_what_is_no_answer_fails(desk: Desk, answer: bytes | None, failure: str) -> None:
    async with raw_receiver(answer) as (url, got):
        attempt = await one_attempt(desk, url)
        assert (attempt.status, attempt.failure) == (None, failure)
        assert len(got) == 1


async def test_a_port_where_nobody_listens(desk: Desk) -> None:
    async with raw_receiver(None) as (url, _):
        pass
    assert (await one_attempt(desk, url)).failure == "connection_failed"


async def test_a_dead_endpoint_delays_no_other(desk: Desk, receiver: Receiver) -> None:
    async def never(_: web.Request, __: int) -> web.Response:
        await asyncio.sleep(60)
        raise AssertionError

    for number in range(5):
        await desk.endpoint(receiver.behave(f"/never/{number}", never), timeout_s=2)
    await desk.endpoint(receiver.url + "/healthy")
    loop = asyncio.get_running_loop()
    for start in range(0, 100, 20):
        begun = loop.time()
        await desk.accept(*(payment_event(f"pay_{number}", 1) for number in range(start, start + 20)))
        await receiver.wait("/healthy", start + 20)
        assert loop.time() - begun < 1.0
    assert receiver.under_way <= 5 * 16


async def test_a_failing_endpoint_is_asked_rarely(desk: Desk, receiver: Receiver) -> None:
    await desk.endpoint(receiver.answer("/failing", 500), max_in_flight=4)
    for start in range(0, 200, 50):
        await desk.accept(*(payment_event(f"pay_{number}", 1) for number in range(start, start + 50)))
    await receiver.wait("/failing", 5)
    await asyncio.sleep(1.0)  # long enough for every one of them to be attempted, were the lane not blocked
    assert len(receiver.received) <= 5 + 4
    async with desk.db.connection() as conn:
        row = await conn.fetch_one("SELECT failures, blocked_until > UTC_TIMESTAMP(6) AS resting FROM endpoints")
    assert row is not None
    assert row["failures"] >= 5
    assert row["resting"] == 1


async def test_strict_order_of_a_payment_holds_through_failures(desk: Desk, receiver: Receiver) -> None:
    failed: set[str] = set()

    async def fail_each_once(request: web.Request, _: int) -> web.Response:
        message_id = request.headers["webhook-id"]
        if message_id in failed or hash(message_id) % 3:
            return web.Response()
        failed.add(message_id)
        return web.Response(status=500)

    soon = RetryPolicy(initial_backoff_seconds=1, max_backoff_seconds=1)
    await desk.endpoint(
        receiver.behave("/ordered", fail_each_once), ordering=WebhookOrdering.PAYMENT, retry_policy=soon
    )
    events = [payment_event(f"pay_{payment}", sequence) for sequence in range(1, 6) for payment in range(6)]
    for start in range(0, len(events), 7):
        await desk.accept(*events[start : start + 7])
    retrying = asyncio.create_task(_make_due_often(desk))
    await desk.settled("delivered", len(events), within_s=60)
    retrying.cancel()
    position = {event.id: (event.aggregate_id, event.sequence) for event in events}
    last: dict[str, int] = {}
    for got in receiver.received:
        payment_id, sequence = position[got.headers["webhook-id"]]
        assert sequence in (last.get(payment_id, 0), last.get(payment_id, 0) + 1), "a later event overtook"
        last[payment_id] = sequence
    assert set(last.values()) == {5}


async def _make_due_often(desk: Desk) -> None:
    while True:
        await asyncio.sleep(0.1)
        await desk.make_due()


async def test_a_rate_limit_paces(desk: Desk, receiver: Receiver) -> None:
    await desk.endpoint(receiver.url + "/paced", rate_per_s=10)
    await desk.accept(*(payment_event(f"pay_{number}", 1) for number in range(15)))
    got = await receiver.wait("/paced", 15)
    assert got[-1].at - got[0].at >= 1.2


async def test_an_idle_connection_that_the_receiver_closed_costs_no_attempt(desk: Desk) -> None:
    """It answers once on each connection and then closes it without saying so, while we keep it for reuse."""
    connections = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(
            int(line.split(b":")[1]) for line in head.splitlines() if line.lower().startswith(b"content-length")
        )
        await reader.readexactly(length)
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
        await writer.drain()
        await reader.read(1)  # the next request has begun: close instead of answering
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        await desk.endpoint(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/", retry_policy=ONCE)
        for number in range(3):
            await desk.accept(payment_event(f"pay_{number}", 1))
            await desk.settled("delivered", number + 1)
    finally:
        server.close()
    assert connections == 3


async def test_the_same_event_twice_makes_no_second_message(desk: Desk, receiver: Receiver) -> None:
    await desk.endpoint(receiver.url + "/hook")
    event = payment_event("pay_1", 1)
    await desk.accept(event)
    await desk.settled("delivered", 1)
    await desk.accept(event)
    assert len(await desk.deliveries()) == 1
