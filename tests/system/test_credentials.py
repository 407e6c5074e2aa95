"""Keys that are missing, wrong, over, of the other mode, of another merchant, or without the right."""

import asyncio
import time
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.support.documented import Route, routes_of
from tests.support.platform import (
    ADMIN_TOKEN,
    CONTROL_TOKEN,
    INTERNAL_TOKEN,
    SERVICES,
    Answer,
    Platform,
    Shop,
    open_shop,
)

from florin.directory import REVOCATION_BOUND_S

GOOD = {"amount_minor": 1000, "currency": "EUR"}
_PAUSE_S = 0.02  # between two questions: far below the rate that a key has
RIGHTS = {
    ("GET", "/v1/payments"): "payments:read",
    ("POST", "/v1/payments"): "payments:write",
    ("GET", "/v1/refunds"): "refunds:read",
    ("POST", "/v1/refunds"): "refunds:write",
    ("GET", "/v1/events"): "events:read",
    ("GET", "/v1/balances"): "balances:read",
    ("GET", "/v1/webhook_endpoints"): "webhooks:read",
    ("GET", "/v1/deliveries"): "webhooks:read",
    ("GET", "/v1/replays"): "webhooks:read",
    ("POST", "/v1/webhook_endpoints"): "webhooks:write",
    ("PATCH", "/v1/webhook_endpoints"): "webhooks:write",
    ("DELETE", "/v1/webhook_endpoints"): "webhooks:write",
    ("POST", "/v1/deliveries"): "webhooks:write",
    ("POST", "/v1/replays"): "webhooks:write",
}
"""The right that each route of a merchant needs, by its method and the beginning of its path."""
BODIES: dict[str, Any] = {
    "/v1/payments": GOOD,
    "/v1/refunds": {"payment_id": "pay_test_x"},
    "/v1/webhook_endpoints": {"url": "https://example.com/"},
}


def right_of(route: Route) -> str:
    (right,) = {r for (method, path), r in RIGHTS.items() if method == route.method and route.path.startswith(path)}
    return right


async def things_of(shop: Shop) -> dict[str, str]:
    """One thing of each kind that a path of a merchant's API can name."""
    payment = (await shop.pay()).ok()
    refund = (await shop.post("/v1/refunds", {"payment_id": payment["id"], "amount_minor": 1})).ok()
    (event, *_) = (await shop.get("/v1/events")).ok()["data"]
    url = f"{shop.platform.url('simulator')}/receiver/{shop.merchant_id}"
    endpoint = (await shop.post("/v1/webhook_endpoints", {"url": url}, service="notifications")).ok()["endpoint"]
    path = f"/v1/webhook_endpoints/{endpoint['id']}/ping"
    ping = (await shop.post(path, service="notifications")).ok()
    replay = (await shop.post("/v1/replays", {}, service="notifications")).ok()
    return {
        "payment_id": payment["id"],
        "refund_id": refund["id"],
        "event_id": event["id"],
        "endpoint_id": endpoint["id"],
        "delivery_id": ping["delivery_id"],
        "replay_id": replay["id"],
    }


async def first_refusal(shop: Shop, path: str, token: str, deadline: float, *, service: str = "payments") -> Answer:
    """Ask until a key is not taken any more."""
    while (answer := await shop.get(path, token=token, service=service)).status == 200:
        assert time.monotonic() < deadline, f"{service} still takes the key"
        await asyncio.sleep(_PAUSE_S)
    return answer


async def test_every_secured_route_turns_strangers_away_before_it_reads_anything(shop: Shop) -> None:
    wrong_for = {
        "/v1": [ADMIN_TOKEN, INTERNAL_TOKEN, "sk_test_" + "0" * 49, shop.key[:-1], f"{shop.key}x", shop.key.upper()],
        "/admin/v1": [shop.key, INTERNAL_TOKEN],
        "/internal/v1": [shop.key, ADMIN_TOKEN],
        "/control/v1": [ADMIN_TOKEN],
        "/acquirer/v1": [shop.key, CONTROL_TOKEN],
    }
    routes = [route for route in await routes_of(shop, *SERVICES) if route.secured]
    assert len(routes) > 80
    for route in routes:
        (wrong,) = [tokens for beginning, tokens in wrong_for.items() if route.path.startswith(beginning)]
        schemes = ["", "Bearer", "Bearer ", f"Basic {shop.key}", *(f"Bearer {token}" for token in wrong)]
        for authorization in schemes:
            answer = await shop.call(
                route.method,
                route.at({}),
                None if route.method in ("GET", "DELETE") else b"{",
                service=route.service,
                headers={"Authorization": authorization},
            )
            assert answer.status == 401, (route, authorization, answer.body)
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.headers["www-authenticate"].startswith("Bearer")
            assert "401" in route.answers


async def test_what_is_another_merchants_is_not_there(shop: Shop, platform: Platform) -> None:
    values = await things_of(shop)
    routes = [r for r in await routes_of(shop, "payments", "notifications") if r.path.startswith("/v1/")]
    before = (await shop.get(f"/v1/payments/{values['payment_id']}")).ok()
    live = await shop.new_key(livemode=True)
    async with open_shop(platform) as stranger:
        for route in (r for r in routes if r.parameters()):
            assert route.parameters() <= set(values), f"a new kind of thing: {route}"
            for token in (stranger.key, live):
                body = None if route.method in ("GET", "DELETE") else {}
                answer = await shop.call(route.method, route.at(values), body, service=route.service, token=token)
                assert (answer.status, answer.json()["code"]) == (404, "not_found"), (route, answer.body)
        for token in (stranger.key, live):
            for path in ("/v1/payments", "/v1/refunds", "/v1/events", "/v1/balances"):
                assert (await shop.get(path, token=token)).ok()["data"] == []
            for path in ("/v1/deliveries", "/v1/replays"):
                assert (await shop.get(path, token=token, service="notifications")).ok()["data"] == []
            refund = {"payment_id": values["payment_id"], "amount_minor": 1}
            assert (await shop.post("/v1/refunds", refund, token=token)).status == 404
            for filtered in ("/v1/refunds", "/v1/events"):
                found = await shop.get(f"{filtered}?payment_id={values['payment_id']}", token=token)
                assert found.ok()["data"] == []
    assert (await shop.get(f"/v1/payments/{values['payment_id']}")).ok() == before


async def test_cursors_of_another_merchant_or_mode_lead_nowhere(shop: Shop, platform: Platform) -> None:
    values = await things_of(shop)
    live = await shop.new_key(livemode=True)
    async with open_shop(platform) as stranger:
        for token in (stranger.key, live):
            for path, name in (("payments", "payment_id"), ("refunds", "refund_id"), ("events", "event_id")):
                answer = await shop.get(f"/v1/{path}?starting_after={values[name]}", token=token)
                assert answer.status in (400, 404), (path, answer.body)


async def test_modes_are_apart(shop: Shop) -> None:
    live = await shop.new_key(livemode=True)
    in_test = (await shop.post("/v1/payments", GOOD, key="same")).ok()
    in_live = (await shop.post("/v1/payments", {**GOOD, "amount_minor": 7}, key="same", token=live)).ok()
    assert (in_test["livemode"], in_live["livemode"]) == (False, True)
    assert in_live["id"].startswith("pay_live_")
    listed = (await shop.get("/v1/payments", token=live)).ok()["data"]
    assert [payment["id"] for payment in listed] == [in_live["id"]]
    card = {"payment_method": {"token": "tok_visa"}, "confirm": True}
    refused = await shop.post("/v1/payments", {**GOOD, **card}, token=live)
    assert (refused.status, refused.json()["code"]) == (400, "token_unknown")
    for path in (f"/v1/payments/{in_live['id']}", f"/v1/payments/{in_live['id']}/timeline"):
        assert (await shop.get(path)).status == 404


async def test_restricted_keys_do_what_they_were_made_for(shop: Shop) -> None:
    values = await things_of(shop)
    routes = [r for r in await routes_of(shop, "payments", "notifications") if r.path.startswith("/v1/")]
    rights = sorted(set(RIGHTS.values()))
    for right in rights:
        key = await shop.new_key(restricted=True, scopes=[right])
        assert key.startswith("rk_test_")
        for route in routes:
            mine = right_of(route) == right
            if mine and route.method != "GET":
                continue  # what it does is other tests' business
            body = None if route.method in ("GET", "DELETE") else BODIES.get(route.path, {})
            answer = await shop.call(route.method, route.at(values), body, service=route.service, token=key)
            if mine:
                assert answer.status == 200, (right, route, answer.body)
            else:
                assert (answer.status, answer.json()["code"]) == (403, "scope_missing"), (right, route, answer.body)
    none = await shop.new_key(restricted=True, scopes=["payments:read"])
    assert (await shop.post("/v1/payments", GOOD, token=none)).json()["scope"] == "payments:write"


async def test_revoked_keys_are_refused_everywhere_within_the_bound(shop: Shop) -> None:
    made = (await shop.admin("POST", f"/merchants/{shop.merchant_id}/keys", {"name": "leaked"})).ok()
    reads = (("payments", "/v1/payments"), ("notifications", "/v1/webhook_endpoints"))
    for service, path in reads:
        (await shop.get(path, token=made["secret"], service=service)).ok()
    (await shop.admin("POST", f"/merchants/{shop.merchant_id}/keys/{made['id']}/revoke")).ok()
    deadline = time.monotonic() + REVOCATION_BOUND_S
    for service, path in reads:
        answer = await first_refusal(shop, path, made["secret"], deadline, service=service)
        assert (answer.status, answer.json()["code"]) == (401, "api_key_revoked")
    (await shop.get("/v1/payments")).ok()  # the other key works on


async def test_keys_expire_to_the_moment(shop: Shop) -> None:
    expires_at = datetime.now(UTC) + timedelta(seconds=1.5)
    key = await shop.new_key(expires_at=expires_at.isoformat())
    asked_at = datetime.now(UTC)
    while (answer := await shop.get("/v1/payments", token=key)).status == 200:
        assert asked_at < expires_at
        await asyncio.sleep(_PAUSE_S)
        asked_at = datetime.now(UTC)
    assert datetime.now(UTC) >= expires_at
    assert (answer.status, answer.json()["code"]) == (401, "api_key_expired")


async def test_rotated_keys_expire_after_their_overlap(shop: Shop) -> None:
    made = (await shop.admin("POST", f"/merchants/{shop.merchant_id}/keys", {"name": "old"})).ok()
    (await shop.get("/v1/payments", token=made["secret"])).ok()
    path = f"/merchants/{shop.merchant_id}/keys/{made['id']}/rotate"
    fresh = (await shop.admin("POST", path, {"overlap_seconds": 0})).ok()
    (await shop.get("/v1/payments", token=fresh["secret"])).ok()
    answer = await first_refusal(shop, "/v1/payments", made["secret"], time.monotonic() + REVOCATION_BOUND_S)
    assert (answer.status, answer.json()["code"]) == (401, "api_key_expired")


async def test_two_credentials_are_none(shop: Shop) -> None:
    both = [("Authorization", f"Bearer {shop.key}"), ("Authorization", f"Bearer {shop.key}")]
    for service, path in (("payments", "/v1/payments"), ("notifications", "/v1/deliveries")):
        async with shop.session.get(shop.platform.url(service) + path, headers=both) as answer:
            assert answer.status == 401


async def test_a_key_has_a_rate(shop: Shop) -> None:
    slow = await shop.new_key(rate_limit_per_second=1)
    answers = [await shop.get("/v1/balances", token=slow) for _ in range(4)]
    limited = answers[-1]
    assert (limited.status, limited.json()["code"]) == (429, "rate_limited")
    assert int(limited.headers["retry-after"]) >= 1
    (await shop.get("/v1/balances")).ok()
