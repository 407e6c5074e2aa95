"""kill -9 of any one process in the middle of many concurrent payments, then a restart: nothing lost or doubled."""

import asyncio
import json
import secrets
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest
from tests.support.platform import SERVICES, Platform, Shop, eventually, open_shop
from tests.support.servers import running_mariadb, running_redis

from devtools.redis import Redis

PAYMENTS = 200
AT_ONCE = 50
KILL_AFTER = 60


@pytest.fixture
def own_folder(server_folder: Path) -> Path:
    """Other tests keep their servers: the ones killed here are this test's own."""
    folder = server_folder / secrets.token_hex(4)
    folder.mkdir(mode=0o711)
    return folder


@pytest.fixture
def own_redis(own_folder: Path) -> Iterator[Redis]:
    with running_redis(own_folder) as redis:
        yield redis


@pytest.fixture
def own_platform(own_redis: Redis, own_folder: Path, tmp_path: Path) -> Iterator[Platform]:
    with running_mariadb(own_folder) as mariadb:
        platform = Platform(tmp_path, mariadb, own_redis.url)
        try:
            platform.start()
            yield platform
            platform.stop()
        finally:
            platform.close()


async def pay_until_answered(shop: Shop, key: str) -> dict:
    """What a careful client does: the same key again until there is an answer that is final."""
    for _ in range(200):
        try:
            answer = await shop.pay(amount_minor=1234, key=key)
        except (aiohttp.ClientError, TimeoutError):
            await asyncio.sleep(0.2)
            continue
        if answer.status in (201, 402):
            return answer.json() if answer.status == 201 else answer.json()["payment"]
        assert answer.status in (202, 409, 429, 500, 503), answer.body
        if answer.status == 202:  # accepted, its outcome unknown: read it until it is known
            return await wait_until_known(shop, answer.json()["id"])
        await asyncio.sleep(0.2)
    raise AssertionError(f"{key} was never answered")


async def wait_until_known(shop: Shop, payment_id: str) -> dict:
    async def known():
        payment = (await shop.get(f"/v1/payments/{payment_id}")).ok()
        return payment if payment["status"] not in ("processing", "outcome_unknown") else None

    return await eventually(known, timeout_s=60, pause_s=0.3)


def strike(platform: Platform, redis: Redis, victim: str) -> None:
    match victim:
        case "mariadb":
            platform.mariadb.kill()
            platform.mariadb.start()
        case "redis":
            redis.kill()
            redis.start()
        case "redis, forgetting all":
            redis.flush()
        case _:
            platform.kill(victim)
            platform.start(victim)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("victim", [*SERVICES, "mariadb", "redis", "redis, forgetting all"])
async def test_kill_9_loses_and_doubles_nothing(own_platform: Platform, own_redis: Redis, victim: str) -> None:
    async with open_shop(own_platform) as shop:
        answered: list[str] = []
        enough = asyncio.Event()
        gate = asyncio.Semaphore(AT_ONCE)
        keys = [f"kill-{secrets.token_hex(8)}" for _ in range(PAYMENTS)]

        async def pay(key: str) -> dict:
            async with gate:
                payment = await pay_until_answered(shop, key)
            answered.append(key)
            if len(answered) == KILL_AFTER:
                enough.set()
            return payment

        async def murder() -> None:
            await enough.wait()
            if victim in SERVICES:
                await asyncio.to_thread(strike, own_platform, own_redis, victim)
            else:
                strike(own_platform, own_redis, victim)  # a server ends with the thread that started it

        *payments, _ = await asyncio.gather(*(pay(key) for key in keys), murder())
        await judge(shop, keys, payments, acquirer_died=victim == "simulator")


async def judge(shop: Shop, keys: list[str], payments: list[dict], *, acquirer_died: bool) -> None:
    """From outside: the acquirer's book, the ledger, and the webhooks that really came."""
    assert len({payment["id"] for payment in payments}) == len(keys)
    captured = [payment for payment in payments if payment["status"] == "succeeded"]
    refused = [payment for payment in payments if payment["status"] == "requires_confirmation"]
    assert len(captured) + len(refused) == len(payments)
    assert not refused or acquirer_died, "only an acquirer that is away may leave a payment undone"
    listed: list[dict] = []
    cursor = ""
    while True:
        page = (await shop.get(f"/v1/payments?limit=100{cursor}")).ok()
        listed += page["data"]
        if not page["has_more"]:
            break
        cursor = f"&starting_after={page['next_cursor']}"
    assert {payment["id"] for payment in listed} == {payment["id"] for payment in payments}

    for payment in payments:
        booked = [await shop.booked(attempt["acquirer_reference"]) for attempt in payment["attempts"]]
        charges = [operation["amount_minor"] for operations in booked for operation in operations]
        assert charges == ([1234] if payment["status"] == "succeeded" else []), payment["id"]

    report = (await shop.admin("GET", "/ledger/check", service="payments")).ok()
    assert report["faults"] == []
    (balance,) = (await shop.get("/v1/balances")).ok()["data"]
    assert balance["captured_minor"] == 1234 * len(captured)

    wanted = {payment["id"] for payment in captured}

    async def all_told():
        webhooks = await shop.received()
        told = {w["aggregate"] for w in map(_told, webhooks) if w["type"] == "payment.captured"}
        return wanted <= told and webhooks

    # A claim whose COMMIT was not answered stays with a process that does not know of it, until it runs out (90 s).
    webhooks = await eventually(all_told, timeout_s=150, pause_s=0.5)
    assert all(webhook["verified"] for webhook in webhooks)


def _told(webhook: dict) -> dict:
    payload = json.loads(webhook["body"])
    return {"type": payload["type"], "aggregate": payload["data"].get("id")}
