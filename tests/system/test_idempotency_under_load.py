"""Idempotency keys and limits of amounts when everything comes at once, judged by the acquirer's own book."""

import asyncio
from collections import Counter
from typing import Any

import pytest
from tests.support.platform import Answer, Platform, Shop, eventually, open_shop

GOOD = {"amount_minor": 1000, "currency": "EUR"}
CARD = {"payment_method": {"type": "card", "token": "tok_visa"}, "confirm": True}


def told(answers: list[Answer]) -> Counter[tuple[int, str]]:
    """How often each status was answered with which code, or status of the payment."""
    return Counter((a.status, a.json().get("code") or a.json()["status"]) for a in answers)


async def charged(shop: Shop, payment: dict[str, Any]) -> list[tuple[str, int]]:
    """What the acquirer did under each reference of a payment's own operations."""
    timeline = (await shop.get(f"/v1/payments/{payment['id']}/timeline")).ok()["data"]
    references = {entry["detail"].get("reference") for entry in timeline} - {None, ""}
    booked = [operation for reference in sorted(references) for operation in await shop.booked(reference)]
    return sorted((o["kind"], o["amount_minor"]) for o in booked if o["status"] not in ("declined", "refused"))


async def check_ledger(shop: Shop) -> None:
    assert (await shop.admin("GET", "/ledger/check", service="payments")).ok()["faults"] == []


async def settled(shop: Shop, payment_id: str) -> dict[str, Any]:
    """The payment once nothing of it is under way."""

    async def at_rest() -> Any:
        payment = (await shop.get(f"/v1/payments/{payment_id}")).ok()
        return payment if payment["status"] not in ("processing", "outcome_unknown") else None

    return dict(await eventually(at_rest))


@pytest.mark.parametrize("token", ["tok_visa", "tok_fault_timeout_after", "tok_declined"])
async def test_fifty_identical_requests_at_once_are_one_payment(shop: Shop, token: str) -> None:
    answers = await asyncio.gather(*(shop.pay(token, key="k-50") for _ in range(50)))
    made = [a for a in answers if a.status in (201, 202, 402)]
    assert made
    assert len({a.body for a in made}) == 1
    assert sum("idempotency-replayed" not in a.headers for a in made) == 1
    for answer in answers:
        assert answer in made or (answer.status, answer.json()["code"]) == (409, "idempotency_key_in_flight")
    assert (await shop.pay(token, key="k-50")).body == made[0].body
    (payment,) = (await shop.get("/v1/payments")).ok()["data"]
    done = await charged(shop, payment)
    assert len(done) == (0 if token == "tok_declined" else 1), done
    await check_ledger(shop)


async def test_fifty_requests_with_one_key_and_other_bodies_are_one_payment(shop: Shop) -> None:
    answers = await asyncio.gather(*(shop.pay(amount_minor=100 + n, key="k-many") for n in range(50)))
    (made,) = [a for a in answers if a.status == 201]
    assert told([a for a in answers if a is not made]) == {(422, "idempotency_key_reused"): 49}
    (payment,) = (await shop.get("/v1/payments")).ok()["data"]
    assert payment == made.json()


async def test_captures_refunds_and_cancels_at_once_stay_within_what_there_is(shop: Shop) -> None:
    payment = (await shop.pay(capture_method="manual")).ok()
    path = f"/v1/payments/{payment['id']}"
    answers = await asyncio.gather(
        *(shop.post(f"{path}/capture", {"amount_minor": 150}) for _ in range(20)),
        *(shop.post(f"{path}/cancel", {}) for _ in range(5)),
        *(shop.post("/v1/refunds", {"payment_id": payment["id"], "amount_minor": 70}) for _ in range(20)),
    )
    assert {a.status for a in answers} <= {200, 201, 202, 400, 402, 409}, told(answers)
    after = await settled(shop, payment["id"])
    assert after["captured_minor"] + after["capturable_minor"] <= after["authorized_minor"] == 1000
    await asyncio.gather(
        *(shop.post("/v1/refunds", {"payment_id": payment["id"], "amount_minor": 130}) for _ in range(20))
    )
    after = await settled(shop, payment["id"])
    sums: Counter[str] = Counter()
    for kind, amount_minor in await charged(shop, after):
        sums[kind] += amount_minor
    assert (sums["authorize"], sums["capture"], sums["refund"]) == (
        1000,
        after["captured_minor"],
        after["refunded_minor"],
    )
    assert sums["refund"] <= sums["capture"] <= 1000
    assert after["captured_minor"] - after["refunded_minor"] < 130  # the last refund was refused for want of money
    await check_ledger(shop)


async def test_only_one_of_many_cancels_and_confirms_wins(shop: Shop) -> None:
    payment = (await shop.pay(confirm=False)).ok()
    path = f"/v1/payments/{payment['id']}"
    answers = await asyncio.gather(
        *(shop.post(f"{path}/confirm", {}) for _ in range(15)), *(shop.post(f"{path}/cancel", {}) for _ in range(15))
    )
    assert {a.status for a in answers} <= {200, 202, 409}, told(answers)
    after = await settled(shop, payment["id"])
    done = await charged(shop, after)
    if after["status"] == "succeeded":
        assert done == [("authorize", 1000)]
        assert all(a.status == 409 for a in answers[15:])
    else:
        assert after["status"] == "canceled"
        assert [kind for kind, _ in done] in ([], ["authorize", "void"])
    await check_ledger(shop)


async def test_a_key_belongs_to_one_endpoint_object_merchant_and_mode(shop: Shop, platform: Platform) -> None:
    payment = (await shop.pay(capture_method="manual", key="k")).ok()
    other = (await shop.pay(capture_method="manual")).ok()
    for path, body in (
        (f"/v1/payments/{payment['id']}/capture", {}),
        (f"/v1/payments/{other['id']}/capture", {}),
        (f"/v1/payments/{payment['id']}/cancel", {}),
        ("/v1/refunds", {"payment_id": payment["id"]}),
        ("/v1/payments", GOOD),
    ):
        answer = await shop.post(path, body, key="k")
        assert (answer.status, answer.json()["code"]) == (422, "idempotency_key_reused"), path
    (await shop.post(f"/v1/payments/{payment['id']}/capture", {"amount_minor": 1}, key="c")).ok()
    elsewhere = await shop.post(f"/v1/payments/{other['id']}/capture", {"amount_minor": 1}, key="c")
    assert elsewhere.status == 422
    live = await shop.new_key(livemode=True)
    assert (await shop.post("/v1/payments", GOOD, key="k", token=live)).status == 201
    second_key = await shop.new_key()
    again = await shop.pay(capture_method="manual", key="k")
    assert again.headers["idempotency-replayed"] == "true"
    body = {**GOOD, **CARD, "capture_method": "manual"}
    shared = await shop.post("/v1/payments", body, key="shared")
    by_the_other = await shop.post("/v1/payments", body, key="shared", token=second_key)
    assert by_the_other.body == shared.body  # keys belong to the merchant, not to one of its API keys
    async with open_shop(platform) as stranger:
        assert (await stranger.post("/v1/payments", body, key="shared")).json()["id"] != shared.json()["id"]


async def test_forms_of_the_header(shop: Shop) -> None:
    first = await shop.post("/v1/payments", GOOD, key="form")
    for same in ('"form"', ' "form" ', "form "):
        answer = await shop.post("/v1/payments", GOOD, key=same)
        assert (answer.status, answer.body) == (201, first.body), same
    escaped = await shop.post("/v1/payments", GOOD, key='"a \\"b\\" \\\\"')
    assert escaped.status == 201
    for wrong in ('""', '"open', "with space", "x" * 256, '"a" "b"', "a,b\tc", "käse"):
        answer = await shop.post("/v1/payments", GOOD, key=wrong)
        assert (answer.status, answer.json()["code"]) == (400, "idempotency_key_invalid"), wrong
        assert answer.json()["param"] == "Idempotency-Key"
    assert (await shop.post("/v1/payments", GOOD, key="x" * 255)).status == 201
    sql = await shop.post("/v1/payments", GOOD, key="';DROP/**/TABLE/**/idempotency_keys;--%s\\")
    assert sql.status == 201
    twice = [
        ("Authorization", f"Bearer {shop.key}"),
        ("Content-Type", "application/json"),
        ("Idempotency-Key", "one"),
        ("Idempotency-Key", "one"),
    ]
    url = f"{shop.platform.url('payments')}/v1/payments"
    async with shop.session.post(url, json=GOOD, headers=twice) as answer:
        assert (answer.status, (await answer.json(content_type=None))["code"]) == (400, "idempotency_key_invalid")
    assert (await shop.post("/v1/payments", GOOD, key="")).json()["code"] == "idempotency_key_missing"


async def test_replays_outlive_changes_of_the_configuration(shop: Shop) -> None:
    first = await shop.pay(key="before")
    await shop.configure(currencies=["JPY"], defaultCurrency="JPY")
    assert (await shop.pay()).status == 400
    replay = await shop.pay(key="before")
    assert (replay.status, replay.body) == (first.status, first.body)
    assert (await shop.pay(amount_minor=5, key="before")).status == 422
