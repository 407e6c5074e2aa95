"""Whatever the line to the acquirer does, a payment ends right, and the acquirer's book has each operation once."""

import asyncio
import itertools
import secrets
import time
from collections import Counter
from typing import Any

import msgspec
import pytest
from tests.support.platform import Answer, Platform, Shop, eventually

from simulator.domain.cards import TEST_CARDS
from simulator.operations.deliver import sign

SECRET = "callback-secret-of-a-bank"
FAULTS = sorted(token.removeprefix("tok_fault_") for token in TEST_CARDS if token.startswith("tok_fault_"))
NOT_BOOKED = ("before", "throttled")
VERBS = ("capture", "refund", "void")
_amounts = itertools.count(1001)


async def open_bank(shop: Shop, *, callbacks: str = "none", base_url: str = "", **spec: Any) -> str:
    """A connector with a terminal of its own at the simulator, both of the name that is returned."""
    name = f"bank-{secrets.token_hex(4)}"
    key = f"key-of-the-terminal-{name}"
    url = f"{shop.platform.url('payments')}/callbacks/{name}"
    terminal = {"id": name, "key": key, "callback_secret": SECRET, "callbacks": callbacks, "callback_url": url}
    (await shop.control("POST", "/terminals", terminal)).ok()
    connector = {
        "name": name,
        "adapter": "simulator",
        "baseUrl": base_url or shop.platform.url("simulator"),
        "secretRef": {"name": "credentials"},
        "timeouts": {"connectSeconds": 1, "totalSeconds": 1},
        **spec,
    }
    (await shop.admin("PUT", f"/connectors/{name}", connector)).ok()
    credentials = msgspec.json.encode({"terminal_key": key, "callback_secret": SECRET}).decode()
    (await shop.admin("PUT", f"/connectors/{name}/secrets/credentials", {"value": credentials})).ok()
    return name


async def route(shop: Shop, *banks: str, routing: list[dict[str, Any]] | None = None) -> None:
    """Have the shop's payments go to these connectors, the first one always first."""
    targets = [{"connector": bank, "weight": 0 if n else 100} for n, bank in enumerate(banks)]
    await shop.configure(
        connectors=[{"name": bank, "connectorRef": {"name": bank}} for bank in banks],
        routing=routing or [{"name": "all", "targets": targets}],
    )


async def disturb(shop: Shop, bank: str, effect: str, operation: str, **fault: Any) -> None:
    (
        await shop.control(
            "POST", "/faults", {"fault": {"effect": effect, **fault}, "terminal": bank, "operation": operation}
        )
    ).ok()


async def movements(shop: Shop, bank: str) -> Counter[tuple[str, int]]:
    """What the acquirer's book has for a terminal, by kind and amount; declines are left out."""
    page = (await shop.control("GET", f"/operations?terminal={bank}&limit=10000")).ok()
    return Counter((o["kind"], o["amount_minor"]) for o in page["operations"] if o["status"] == "approved")


async def ledger_holds(shop: Shop) -> None:
    assert (await shop.admin("GET", "/ledger/check", service="payments")).ok()["faults"] == []


def verb_of(fault: str) -> str:
    first = fault.partition("_")[0]
    return first if first in VERBS else "authorize"


async def live_through(shop: Shop, fault: str) -> tuple[Counter[tuple[str, int]], str]:
    """One payment that meets a fault; what the book must have of it, and the payment's id."""
    verb, amount = verb_of(fault), next(_amounts)
    booked = not fault.endswith("throttled")
    manual = {"capture_method": "manual"} if verb in ("capture", "void") else {}
    made = await shop.pay(f"tok_fault_{fault}", amount, **manual)
    if verb == "authorize":
        payment = made.json() if booked else made.json()["payment"]
        expect(made, 201 if booked else 402)
        assert payment["status"] == ("succeeded" if booked else "requires_confirmation"), (fault, payment)
        return Counter({("authorize", amount): 1} if booked else {}), payment["id"]
    payment = made.ok()
    path = f"/v1/payments/{payment['id']}"
    book = Counter({("authorize", amount): 1})
    match verb:
        case "capture":
            done = await shop.post(f"{path}/capture")
            wanted = ("succeeded", amount, 0) if booked else ("requires_capture", 0, 0)
        case "void":
            done = await shop.post(f"{path}/cancel")
            wanted = ("canceled" if booked else "requires_capture", 0, 0)
        case _:
            done = await shop.post("/v1/refunds", {"payment_id": payment["id"]})
            wanted = ("succeeded", amount, amount if booked else 0)
    expect(done, 402 if not booked else 201 if verb == "refund" else 200)
    now = (await shop.get(path)).ok()
    assert (now["status"], now["captured_minor"], now["refunded_minor"]) == wanted, fault
    assert now["refund_pending_minor"] == 0
    return book + Counter({(verb, amount): 1} if booked else {}), payment["id"]


def expect(answer: Answer, status: int) -> None:
    assert answer.status == status, answer.body


@pytest.mark.parametrize("told_by", ["lookups", "callbacks"])
async def test_every_fault_of_every_operation_ends_right(shop: Shop, told_by: str) -> None:
    """By lookups alone (the acquirer calls nobody back), and by callbacks alone (it answers no lookup)."""
    bank = await open_bank(
        shop, callbacks="none" if told_by == "lookups" else "exceptional", breaker={"failureThreshold": 1000}
    )
    await route(shop, bank)
    faults = FAULTS
    if told_by == "callbacks":  # what is not booked is told of by nobody
        await disturb(shop, bank, "error", "lookup", status=500)
        faults = [fault for fault in FAULTS if not fault.endswith(NOT_BOOKED)]
    stories = await asyncio.gather(*(live_through(shop, fault) for fault in faults))
    assert await movements(shop, bank) == sum((book for book, _ in stories), Counter())
    await ledger_holds(shop)

    async def told() -> bool:
        received = await shop.received()
        assert all(webhook["verified"] for webhook in received)
        bodies = "".join(webhook["body"] for webhook in received)
        return all(payment_id in bodies for _, payment_id in stories)

    await eventually(told)


async def test_callback_is_stored_before_it_is_answered_and_forgeries_never(shop: Shop, platform: Platform) -> None:
    bank = await open_bank(shop)
    await route(shop, bank)
    await disturb(shop, bank, "error", "lookup")
    payer = asyncio.create_task(shop.pay("tok_fault_cut_after"))

    async def booked() -> Any:
        page = (await shop.control("GET", f"/operations?terminal={bank}")).ok()
        return page["operations"]

    (operation,) = await eventually(booked)
    body = msgspec.json.encode({"id": f"clb_{bank}", "type": "operation.succeeded", "data": operation})
    now = time.time()

    async def call_back(signature: str, sent: bytes = body, connector: str = bank) -> Answer:
        headers = {"Simulator-Signature": signature}
        return await shop.post(f"/callbacks/{connector}", sent, key="", token="none", headers=headers)

    def kept() -> list[tuple[Any, ...]]:
        table = f"{platform.databases['payments']}.callbacks"
        return platform.mariadb.execute(f"SELECT callback_id FROM {table} WHERE connector='{bank}'")

    for refused in (
        await call_back(sign("another-secret", body, now)),
        await call_back(sign(SECRET, body, now - 400)),
        await call_back(sign(SECRET, body, now), body[:-1]),
        await call_back(""),
    ):
        assert (refused.status, refused.json()["code"]) == (401, "callback_rejected")
    assert (await call_back(sign(SECRET, body, now), connector="nobody")).status == 404
    assert kept() == []
    expect(await call_back(sign(SECRET, body, now)), 200)
    assert kept() == [(f"clb_{bank}",)]
    expect(await call_back(sign(SECRET, body, now)), 200)
    assert kept() == [(f"clb_{bank}",)]
    payment = (await payer).ok()
    timeline = (await shop.get(f"/v1/payments/{payment['id']}/timeline")).ok()["data"]
    assert ("callback", "applied") in {(entry["kind"], entry["what"]) for entry in timeline}


async def test_second_acquirer_takes_over_only_where_that_is_safe(shop: Shop) -> None:
    nowhere = "http://127.0.0.1:9"
    first, second = await open_bank(shop), await open_bank(shop)
    await route(shop, first, second)

    async def attempts(answer: Answer) -> list[str]:
        document = answer.json()
        return [a["connector"] for a in document.get("payment", document)["attempts"]]

    assert await attempts(await shop.pay("tok_visa", 11)) == [first]
    assert await attempts(await shop.pay("tok_declined_issuer_unavailable")) == [first, second]
    assert await attempts(await shop.pay("tok_declined_insufficient_funds")) == [first]
    assert await attempts(await shop.pay("tok_fault_500_before", 12)) == [first], "unknown is asked about"
    await disturb(shop, first, "throttle", "authorize", status=429)
    taken = await shop.pay("tok_visa", 13)
    assert (taken.status, await attempts(taken)) == (201, [first, second])
    dead = await open_bank(shop, base_url=nowhere)
    await route(shop, dead, second)
    assert await attempts(await shop.pay("tok_visa", 14)) == [dead, second]
    assert await movements(shop, first) == Counter({("authorize", 11): 1, ("authorize", 12): 1})
    assert await movements(shop, second) == Counter({("authorize", 13): 1, ("authorize", 14): 1})
    await ledger_holds(shop)


async def test_payments_go_where_priorities_and_weights_say(shop: Shop) -> None:
    left, right, special = await open_bank(shop), await open_bank(shop), await open_bank(shop)
    halves = [{"connector": left, "weight": 50}, {"connector": right, "weight": 50}]
    routing = [
        {"name": "others", "priority": 50, "targets": halves},
        {"name": "mastercard", "priority": 10, "schemes": ["mastercard"], "targets": [{"connector": special}]},
    ]
    await route(shop, left, right, special, routing=routing)
    answers = await asyncio.gather(*(shop.pay() for _ in range(40)), *(shop.pay("tok_mastercard") for _ in range(5)))
    assert {answer.status for answer in answers} == {201}
    counts = [sum((await movements(shop, bank)).values()) for bank in (left, right, special)]
    assert counts[2] == 5
    assert counts[0] + counts[1] == 40
    assert min(counts[0], counts[1]) >= 5  # fewer at random: once in some million runs
