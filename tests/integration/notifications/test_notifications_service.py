"""The whole service: merchants' keys and configurations, streams, its API, and deaths of its process."""

import asyncio
import secrets
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from redis.asyncio import Redis
from standardwebhooks import Webhook
from tests.conftest import DatabaseFactory
from tests.support.merchants import MerchantsService, write_key_file
from tests.support.notifications import (
    NotificationsService,
    notifications_process,
    notifications_settings,
    only,
    running_notifications,
)
from tests.support.servers import MariaDBServer
from tests.support.streaming import FOLDERS, eventually, record, running
from tests.support.webhooks import Receiver, payment_event

from florin.database import Database, DatabaseSettings
from florin.outbox import Relay
from florin.streams.redis_streams import RedisStreamWriter
from notifications.settings import NotificationsSettings

MakeSettings = Callable[..., NotificationsSettings]


@pytest.fixture
async def payments_db(database_factory: DatabaseFactory, redis_url: str) -> AsyncIterator[Database]:
    """What stands for payments: an outbox, and its relay."""
    db = await database_factory(FOLDERS)
    async with running(Relay(db, RedisStreamWriter(redis_url), ["payments.test", "payments.live"])):
        yield db


@pytest.fixture
async def make_settings(
    mariadb: MariaDBServer, redis_url: str, tmp_path: Path, merchants_service: MerchantsService
) -> AsyncIterator[MakeSettings]:
    """Settings of a service on a fresh schema."""
    name = f"t_{secrets.token_hex(8)}"
    mariadb.create_database(name)

    def make(**fields: Any) -> NotificationsSettings:
        return notifications_settings(
            mariadb.url(name), redis_url, write_key_file(tmp_path), merchants_service.url, **fields
        )

    yield make
    mariadb.drop_database(name)


@asynccontextmanager
async def opened(settings: NotificationsSettings) -> AsyncIterator[Database]:
    db = await Database.open(DatabaseSettings(url=settings.database_url.reveal(), pool_size=2))
    try:
        yield db
    finally:
        await db.close()


@pytest.fixture
async def service(make_settings: MakeSettings) -> AsyncIterator[NotificationsService]:
    """The service in this process."""
    async with running_notifications(make_settings()) as running_service:
        yield running_service


async def merchant_key(merchants: MerchantsService, merchant_id: str = "acme", **wanted: Any) -> str:
    await merchants.merchant(merchant_id)
    return str((await merchants.key(merchant_id, livemode=False, **wanted))["secret"])


async def create(service: NotificationsService, key: str, url: str, **fields: Any) -> Any:
    return (await service.call("POST", "/v1/webhook_endpoints", {"url": url, **fields}, key=key)).ok().body


async def test_from_a_stream_to_a_verified_webhook(
    service: NotificationsService, merchants_service: MerchantsService, payments_db: Database, receiver: Receiver
) -> None:
    key = await merchant_key(merchants_service)
    created = await create(service, key, receiver.url + "/hook", events=["payment.*"])
    event = payment_event("pay_1", 1)
    await record(payments_db, event)
    (got,) = await receiver.wait("/hook", 1)
    assert Webhook(created["secret"]).verify(got.body, got.headers)["data"]["id"] == "pay_1"
    listed = await eventually_body(
        lambda: service.call("GET", "/v1/deliveries?state=delivered&payment_id=pay_1", key=key),
        lambda body: len(body["data"]) == 1,
    )
    (delivery,) = listed["data"]
    assert (delivery["event_id"], delivery["attempts"]) == (event.id, 1)
    detail = (await service.call("GET", f"/v1/deliveries/{delivery['id']}", key=key)).ok()
    assert detail["attempts"][0]["status"] == 200
    internal = (await service.call("GET", "/internal/v1/payments/pay_1/deliveries")).ok()
    assert internal["data"][0]["attempts"][0]["response_excerpt"] == "ok"
    everyone = (await service.call("GET", "/admin/v1/deliveries?merchant_id=acme")).ok()
    assert [each["id"] for each in everyone["data"]] == [delivery["id"]]


async def eventually_body(ask: Callable[[], Awaitable[Any]], good: Callable[[Any], bool]) -> Any:
    found: Any = None

    async def check() -> bool:
        nonlocal found
        found = (await ask()).ok().body
        return good(found)

    await eventually(check)
    return found


async def test_an_event_that_is_published_twice_makes_one_message(
    service: NotificationsService,
    merchants_service: MerchantsService,
    payments_db: Database,
    receiver: Receiver,
    redis_url: str,
) -> None:
    key = await merchant_key(merchants_service)
    await create(service, key, receiver.url + "/hook")
    first = payment_event("pay_1", 1)
    await record(payments_db, first)
    await receiver.wait("/hook", 1)
    redis = Redis.from_url(redis_url)
    await redis.flushall()  # Redis forgets: everything is published again
    await redis.aclose()
    await record(payments_db, payment_event("pay_1", 2))
    got = await receiver.wait("/hook", 2)
    assert len({each.headers["webhook-id"] for each in got}) == 2
    await asyncio.sleep(0.5)
    assert len(receiver.at("/hook")) == 2


async def test_endpoints_over_the_api(
    service: NotificationsService, merchants_service: MerchantsService, receiver: Receiver
) -> None:
    key = await merchant_key(merchants_service)
    created = await create(service, key, receiver.url + "/hook", events=["payment.captured"], ordering="payment")
    endpoint_id = created["endpoint"]["id"]
    path = f"/v1/webhook_endpoints/{endpoint_id}"
    read = (await service.call("GET", path, key=key)).ok().body
    assert "secret" not in read
    assert read["retries"]["schedule_s"][:2] == [5, 300]
    changed = await service.call("PATCH", path, {"description": "shop", "retries": {"max_attempts": 3}}, key=key)
    assert (changed.ok()["description"], changed["retries"]["max_attempts"]) == ("shop", 3)
    assert (await service.call("POST", path + "/pause", key=key)).ok()["state"] == "paused"
    assert (await service.call("POST", path + "/ping", key=key)).status == 409
    assert (await service.call("POST", path + "/resume", key=key)).ok()["state"] == "active"
    rotated = (await service.call("POST", path + "/rotate_secret", {"overlap_s": 60}, key=key)).ok()
    assert rotated["secret"] != created["secret"]
    ping = (await service.call("POST", path + "/ping", key=key)).ok()
    (got,) = await receiver.wait("/hook", 1)
    for secret in (created["secret"], rotated["secret"]):
        assert Webhook(secret).verify(got.body, got.headers)["type"] == "webhook.ping"
    assert (await service.call("GET", f"/v1/deliveries/{ping['delivery_id']}", key=key)).ok()
    listed = (await service.call("GET", "/v1/webhook_endpoints", key=key)).ok()
    assert [each["id"] for each in listed["data"]] == [endpoint_id]
    assert (await service.call("DELETE", path, key=key)).status == 204
    assert (await service.call("GET", path, key=key)).status == 404


async def test_another_merchant_and_another_mode_find_nothing(
    service: NotificationsService, merchants_service: MerchantsService, receiver: Receiver
) -> None:
    key = await merchant_key(merchants_service)
    endpoint_id = (await create(service, key, receiver.url + "/hook"))["endpoint"]["id"]
    ping = (await service.call("POST", f"/v1/webhook_endpoints/{endpoint_id}/ping", key=key)).ok()
    live = str((await merchants_service.key("acme", livemode=True))["secret"])
    other = await merchant_key(merchants_service, "other")
    for stranger in (live, other):
        for method, path in (
            ("GET", f"/v1/webhook_endpoints/{endpoint_id}"),
            ("DELETE", f"/v1/webhook_endpoints/{endpoint_id}"),
            ("POST", f"/v1/webhook_endpoints/{endpoint_id}/pause"),
            ("GET", f"/v1/deliveries/{ping['delivery_id']}"),
            ("POST", f"/v1/deliveries/{ping['delivery_id']}/replay"),
        ):
            answer = await service.call(method, path, key=stranger)
            assert (answer.status, answer["code"]) == (404, "not_found"), path
        assert (await service.call("GET", "/v1/deliveries", key=stranger)).ok()["data"] == []


async def test_bad_input_is_refused_with_the_field(
    service: NotificationsService, merchants_service: MerchantsService
) -> None:
    key = await merchant_key(merchants_service)
    for body, param in (
        ({"url": "https://169.254.169.254/"}, "url"),
        ({"url": "http://hooks.example.com/"}, "url"),
        ({"url": "https://u:p@hooks.example.com/"}, "url"),
        ({"url": "https://hooks.example.com/", "events": []}, "events"),
        ({"url": "https://hooks.example.com/", "events": ["'; DROP TABLE endpoints"]}, "events[0]"),
        ({"url": "https://hooks.example.com/", "timeout_s": 31}, "timeout_s"),
        ({"url": "https://hooks.example.com/", "unknown": 1}, "unknown"),
        ({}, "url"),
    ):
        answer = await service.call("POST", "/v1/webhook_endpoints", body, key=key)
        assert answer.status == 400, body
        assert answer["param"] == param
    weak = {"url": "https://hooks.example.com/", "secret": "whsec_c2hvcnQ="}
    answer = await service.call("POST", "/v1/webhook_endpoints", weak, key=key)
    assert (answer.status, answer["code"]) == (400, "invalid_signing_secret")
    assert "c2hvcnQ" not in str(answer.body)
    assert (await service.call("GET", "/v1/deliveries?since=2026-01-01T00:00:00", key=key)).status == 400
    assert (await service.call("GET", "/v1/deliveries", key="sk_test_nonsense")).status == 401
    restricted = str(
        (await merchants_service.key("acme", livemode=False, restricted=True, scopes=["webhooks:read"]))["secret"]
    )
    assert (await service.call("GET", "/v1/webhook_endpoints", key=restricted)).status == 200
    refused = await service.call("POST", "/v1/webhook_endpoints", {"url": "https://a.example.com/"}, key=restricted)
    assert refused.status == 403


async def test_endpoints_of_a_configuration(
    service: NotificationsService, merchants_service: MerchantsService, payments_db: Database, receiver: Receiver
) -> None:
    webhook = {"name": "shop", "url": receiver.url + "/shop", "events": ["payment.*"], "ordering": "payment"}
    await merchants_service.merchant("acme", webhooks=[webhook])
    key = str((await merchants_service.key("acme", livemode=False))["secret"])

    async def endpoints() -> Any:
        return await service.call("GET", "/v1/webhook_endpoints", key=key)

    body = await eventually_body(endpoints, lambda found: len(found["data"]) == 1)
    (endpoint,) = body["data"]
    assert (endpoint["managed_name"], endpoint["ordering"]) == ("shop", "payment")
    path = f"/v1/webhook_endpoints/{endpoint['id']}"
    for method, suffix, change in (("PATCH", "", {"description": "x"}), ("DELETE", "", None), ("POST", "/pause", None)):
        refused = await service.call(method, path + suffix, change, key=key)
        assert (refused.status, refused["code"]) == (409, "endpoint_managed")
    secret = (await service.call("POST", path + "/rotate_secret", {"overlap_s": 0}, key=key)).ok()["secret"]
    await record(payments_db, payment_event("pay_1", 1))
    (got,) = await receiver.wait("/shop", 1)
    Webhook(secret).verify(got.body, got.headers)

    await merchants_service.merchant("acme", webhooks=[{**webhook, "url": receiver.url + "/moved"}])
    await eventually_body(endpoints, lambda found: found["data"][0]["url"].endswith("/moved"))
    await record(payments_db, payment_event("pay_2", 1))
    await receiver.wait("/moved", 1)
    await merchants_service.merchant("acme", webhooks=[])
    await eventually_body(endpoints, lambda found: found["data"] == [])


async def test_replays_over_the_api(
    service: NotificationsService, merchants_service: MerchantsService, payments_db: Database, receiver: Receiver
) -> None:
    key = await merchant_key(merchants_service)
    url = receiver.answer("/hook", 500)
    await create(service, key, url, retries={"max_attempts": 1})
    await record(payments_db, *(payment_event(f"pay_{number}", 1) for number in range(3)))
    dead = await eventually_body(
        lambda: service.call("GET", "/v1/deliveries?state=dead", key=key), lambda body: len(body["data"]) == 3
    )
    letters = (await service.call("GET", "/admin/v1/dead_letters")).ok()
    assert {each["id"] for each in letters["deliveries"]} == {each["id"] for each in dead["data"]}
    receiver.answer("/hook", 200)
    since = (datetime.now(UTC) - timedelta(minutes=1)).isoformat()
    replay = (await service.call("POST", "/v1/replays", {"since": since}, key=key)).ok()
    done = await eventually_body(
        lambda: service.call("GET", f"/v1/replays/{replay['id']}", key=key), lambda body: body["state"] == "done"
    )
    assert (done["examined"], done["replayed"]) == (3, 3)
    await eventually_body(
        lambda: service.call("GET", "/v1/deliveries?state=delivered", key=key), lambda body: len(body["data"]) == 3
    )


async def test_kill_9_in_the_middle_of_deliveries(
    make_settings: MakeSettings, merchants_service: MerchantsService, payments_db: Database, receiver: Receiver
) -> None:
    """Everything that was committed is delivered after a restart, each event at least once and known by its id."""

    async def slow(_: web.Request, __: int) -> web.Response:
        await asyncio.sleep(0.3)
        return web.Response()

    key = await merchant_key(merchants_service)
    settings = make_settings(webhooks_lease_s=3)
    events = [payment_event(f"pay_{number}", 1) for number in range(60)]
    async with notifications_process(settings) as process:
        service = NotificationsService(f"http://127.0.0.1:{settings.port}", merchants_service.session)
        await create(service, key, receiver.behave("/hook", slow), timeout_s=1)
        await record(payments_db, *events)
        await receiver.wait("/hook", 20)
        process.send_signal(signal.SIGKILL)
        await process.wait()
    async with notifications_process(settings), opened(settings) as db:

        async def all_delivered() -> bool:
            return bool(await only(db, "SELECT COUNT(*)=60 FROM deliveries WHERE state='delivered'"))

        await eventually(all_delivered, within_s=30, what="every delivery")
        interrupted = await only(db, "SELECT COUNT(*) FROM attempts WHERE failure='interrupted'")
        assert await only(db, "SELECT COUNT(*) FROM messages") == 60
    assert interrupted >= 1
    assert {each.headers["webhook-id"] for each in receiver.received} == {event.id for event in events}


async def test_without_the_development_setting_loopback_gets_nothing(
    make_settings: MakeSettings, merchants_service: MerchantsService, payments_db: Database, receiver: Receiver
) -> None:
    """Endpoints that were stored while it was allowed, or by a configuration, are not sent to once it is not."""
    await merchants_service.merchant("acme", webhooks=[{"name": "inner", "url": receiver.url + "/inner"}])
    settings = make_settings(allow_loopback_urls=False)
    async with running_notifications(settings), opened(settings) as db:
        await record(payments_db, payment_event("pay_1", 1))

        async def attempted() -> bool:
            return bool(await only(db, "SELECT COUNT(*) FROM attempts WHERE failure='url_forbidden'"))

        await eventually(attempted, what="an attempt")
    assert receiver.received == []
