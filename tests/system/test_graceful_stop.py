"""payments stops, dies, and loses its neighbours, with payments under way: none is lost, none is made twice."""

import asyncio
import secrets
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest
from tests.support.platform import Answer, Platform, Shop, eventually, open_shop
from tests.support.servers import MariaDBServer, running_redis

from devtools.redis import Redis

PATIENCE_S = 2.5
STOP_S = 2
UNSETTLED = ("processing", "outcome_unknown")


@pytest.fixture(scope="module")
def own_redis(server_folder: Path) -> Iterator[Redis]:
    with running_redis(server_folder) as redis:
        yield redis


@pytest.fixture(scope="module")
def own_platform(
    mariadb: MariaDBServer, own_redis: Redis, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Platform]:
    """One that may be stopped and killed, with little patience."""
    settings = {"FLORIN_PATIENCE_S": str(PATIENCE_S), "FLORIN_STOP_TIMEOUT_S": str(STOP_S)}
    platform = Platform(tmp_path_factory.mktemp("stopping"), mariadb, own_redis.url, extra={"payments": settings})
    try:
        platform.start()
        yield platform
        platform.stop()
    finally:
        platform.close()


@pytest.fixture(scope="module")
def identity() -> dict[str, str]:
    """The one merchant of these tests: a configuration takes its time to settle where a replica was killed."""
    return {}


@pytest.fixture
async def own_shop(own_platform: Platform, identity: dict[str, str]) -> AsyncIterator[Shop]:
    """The acquirer's book is empty, and it calls nobody back: what payments knows, it has asked for."""
    async with open_session(own_platform, identity) as shop:
        (await shop.control("POST", "/reset")).ok()
        (await shop.control("PATCH", "/terminals/default", {"callbacks": "none"})).ok()
        yield shop


@asynccontextmanager
async def open_session(platform: Platform, identity: dict[str, str]) -> AsyncIterator[Shop]:
    if not identity:
        async with open_shop(platform) as shop:
            identity |= {"merchant_id": shop.merchant_id, "key": shop.key, "webhook_secret": shop.webhook_secret}
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        shop = Shop(platform, session, identity["merchant_id"])
        shop.key, shop.webhook_secret = identity["key"], identity["webhook_secret"]
        yield shop


def rows(platform: Platform, sql: str) -> list[tuple[Any, ...]]:
    return platform.mariadb.execute(sql.replace("{payments}", platform.databases["payments"]))


async def until_sending(platform: Platform, count: int) -> None:
    """Wait until so many operations are committed, and nothing is known of them."""

    async def sending() -> bool:
        return rows(platform, "SELECT COUNT(*) FROM {payments}.operations WHERE state='sending'") == [(count,)]

    await eventually(sending, pause_s=0.02)


async def until_answered(shop: Shop, key: str, token: str, amount_minor: int, **more: Any) -> Answer:
    """What a careful client does: the same request again, until there is an answer that is not "later"."""

    async def answered() -> Answer | None:
        try:
            answer = await shop.pay(token, amount_minor, key=key, **more)
        except (aiohttp.ClientError, TimeoutError):
            return None
        return answer if answer.status in (201, 202, 402) else None

    return await eventually(answered, pause_s=0.2)


async def until_settled(shop: Shop, payment_id: str) -> Any:
    async def settled() -> Any:
        payment = (await shop.get(f"/v1/payments/{payment_id}")).ok()
        waits = payment["status"] in UNSETTLED or payment["refund_pending_minor"]
        return None if waits else payment

    return await eventually(settled, pause_s=0.2)


async def booked(shop: Shop) -> Counter[tuple[str, int]]:
    page = (await shop.control("GET", "/operations?limit=10000")).ok()
    return Counter((o["kind"], o["amount_minor"]) for o in page["operations"])


async def ledger_holds(shop: Shop) -> None:
    assert (await shop.admin("GET", "/ledger/check", service="payments")).ok()["faults"] == []


async def test_impatient_answer_stays_while_the_payment_completes(own_platform: Platform, own_shop: Shop) -> None:
    first = asyncio.create_task(own_shop.pay("tok_fault_slow_3500", 777, key="k"))
    await until_sending(own_platform, 1)
    in_flight = await own_shop.pay("tok_fault_slow_3500", 777, key="k")
    assert (in_flight.status, in_flight.json()["code"]) == (409, "idempotency_key_in_flight")
    accepted = await first
    assert (accepted.status, accepted.json()["status"]) == (202, "outcome_unknown"), accepted.body
    payment = await until_settled(own_shop, accepted.json()["id"])
    assert (payment["status"], payment["captured_minor"]) == ("succeeded", 777)
    for _ in range(2):
        again = await own_shop.pay("tok_fault_slow_3500", 777, key="k")
        assert (again.status, again.body) == (accepted.status, accepted.body)
        assert again.headers["idempotency-replayed"] == "true"
    assert await booked(own_shop) == Counter({("authorize", 777): 1})


async def test_sigterm_under_load_answers_what_it_can_and_doubles_nothing(
    own_platform: Platform, own_shop: Shop
) -> None:
    """Half of the payments are answered within the time to stop; the acquirer leaves the others without an answer."""
    tokens = ["tok_fault_slow_1000", "tok_fault_timeout_after", "tok_fault_slow_1000", "tok_fault_timeout_before"] * 25
    plan = [(f"stop-{secrets.token_hex(6)}", token, 1000 + n) for n, token in enumerate(tokens)]
    calls = [asyncio.create_task(own_shop.pay(token, amount, key=key)) for key, token, amount in plan]
    await until_sending(own_platform, len(plan))
    codes = await asyncio.to_thread(own_platform.stop, "payments")
    assert codes == {"payments": 0}
    results = await asyncio.gather(*calls, return_exceptions=True)
    for (_, token, _), result in zip(plan, results, strict=True):
        if token == "tok_fault_slow_1000":
            assert isinstance(result, Answer), "it was accepted, and the acquirer answered in time"
            assert result.status == 201
    own_platform.start("payments")
    answers = await asyncio.gather(*(until_answered(own_shop, *each) for each in plan))
    payments = await asyncio.gather(*(until_settled(own_shop, answer.json()["id"]) for answer in answers))
    assert {payment["status"] for payment in payments} == {"succeeded"}
    assert await booked(own_shop) == Counter({("authorize", amount): 1 for _, _, amount in plan})
    for result, answer in zip(results, answers, strict=True):
        if isinstance(result, Answer) and result.status in (201, 202):
            assert result.body == answer.body, "what was answered before the stop is replayed after it"
    await ledger_holds(own_shop)


async def test_kill_9_between_commit_and_answer_of_every_operation(own_platform: Platform, own_shop: Shop) -> None:
    """The acquirer has booked half of them, and never saw the other half."""
    shop, manual = own_shop, {"capture_method": "manual"}
    faults = ("timeout_before", "timeout_after")
    plan = [(f"kill-{secrets.token_hex(6)}", f"tok_fault_{fault}", 100 + n) for n, fault in enumerate(faults)]
    captures = [
        (await shop.pay(f"tok_fault_capture_{fault}", 200 + n, **manual)).ok() for n, fault in enumerate(faults)
    ]
    voids = [(await shop.pay(f"tok_fault_void_{fault}", 300 + n, **manual)).ok() for n, fault in enumerate(faults)]
    refunds = [(await shop.pay(f"tok_fault_refund_{fault}", 400 + n)).ok() for n, fault in enumerate(faults)]
    calls = [
        *(shop.pay(token, amount, key=key) for key, token, amount in plan),
        *(shop.post(f"/v1/payments/{payment['id']}/capture") for payment in captures),
        *(shop.post(f"/v1/payments/{payment['id']}/cancel") for payment in voids),
        *(shop.post("/v1/refunds", {"payment_id": payment["id"]}) for payment in refunds),
    ]
    tasks = [asyncio.create_task(call) for call in calls]
    await until_sending(own_platform, len(calls))

    async def half_booked() -> bool:
        return (await booked(shop)).total() == 6 + 4

    await eventually(half_booked, pause_s=0.02)
    await asyncio.to_thread(own_platform.kill, "payments")
    assert all(
        isinstance(result, aiohttp.ClientError) for result in await asyncio.gather(*tasks, return_exceptions=True)
    )
    own_platform.start("payments")
    in_flight = await shop.pay(plan[0][1], plan[0][2], key=plan[0][0])
    assert (in_flight.status, in_flight.json()["code"]) == (409, "idempotency_key_in_flight")
    answers = [await until_answered(shop, *each) for each in plan]
    assert [answer.status for answer in answers] == [201, 201]
    assert all(answer.headers["idempotency-replayed"] == "true" for answer in answers)
    ends = [await until_settled(shop, payment["id"]) for payment in (*captures, *voids, *refunds)]
    assert [(p["status"], p["refunded_minor"]) for p in ends] == [
        *[("succeeded", 0)] * 2,
        *[("canceled", 0)] * 2,
        *[("succeeded", 400 + n) for n in range(2)],
    ]
    expected = {("authorize", amount + n) for amount in (100, 200, 300, 400) for n in range(2)}
    expected |= {
        (verb, amount + n) for verb, amount in (("capture", 200), ("void", 300), ("refund", 400)) for n in range(2)
    }
    assert await booked(shop) == Counter(expected)
    await ledger_holds(shop)


async def test_projection_of_merchants_is_rebuilt_from_nothing(own_platform: Platform, own_shop: Shop) -> None:
    await asyncio.to_thread(own_platform.stop, "payments")
    for table in ("directory_entries", "directory_state"):
        rows(own_platform, f"TRUNCATE TABLE {{payments}}.{table}")
    own_platform.start("payments")
    assert (await own_shop.pay()).status == 201
    config = (await own_shop.admin("GET", f"/merchants/{own_shop.merchant_id}/config")).ok()["spec"]
    changed = {**config, "currencies": ["EUR"]}
    (await own_shop.admin("PUT", f"/merchants/{own_shop.merchant_id}/config", {"spec": changed})).ok()

    async def refused() -> bool:
        answer = await own_shop.pay(currency="JPY")
        return (answer.status, answer.json().get("param")) == (400, "currency")

    await eventually(refused)  # the news of merchants are heard as before


async def test_payments_are_taken_without_redis_and_merchants_and_told_later(
    own_platform: Platform, own_redis: Redis, own_shop: Shop
) -> None:
    assert (await own_shop.pay()).status == 201  # keys, configuration and credentials are known from here on
    own_redis.stop()
    own_platform.kill("merchants")
    try:
        answers = await asyncio.gather(*(own_shop.pay(amount_minor=2000 + n) for n in range(30)))
        assert {answer.status for answer in answers} == {201}
        ids = [answer.json()["id"] for answer in answers]
        assert (await own_shop.post("/v1/refunds", {"payment_id": ids[0]})).status == 201
        stranger = await own_shop.get("/v1/payments", token="sk_test_" + "x" * 30)
        assert stranger.status in (401, 503)
    finally:
        own_redis.start()
        own_platform.start("merchants")

    async def told() -> bool:
        captured = {
            payload["data"]["id"]
            for webhook in await own_shop.received()
            if webhook["verified"] and (payload := msgspec.json.decode(webhook["body"]))["type"] == "payment.captured"
        }
        return captured >= set(ids)

    await eventually(told, pause_s=0.2)
    await ledger_holds(own_shop)
