"""What a resource's owner does in one request: content, Secrets and keys, under one fence."""

import hashlib
from typing import Any

import pytest
from tests.support.merchants import Answer, MerchantsService, config, connector

PATH = "/admin/v1/merchants/acme/config"
CONNECTOR = "/admin/v1/connectors/simulator"


def owner(uid: str = "u1", generation: int = 1, name: str = "acme") -> dict[str, Any]:
    return {"uid": uid, "generation": generation, "resource": f"prod/shops/{name}"}


def secret(value: str, version: int, name: str = "signing") -> dict[str, Any]:
    return {"name": name, "value": value, "version": version}


def key(text: str, *, livemode: bool = False) -> dict[str, Any]:
    return {"hash": hashlib.sha256(text.encode()).hexdigest(), "hint": "sk_test_...abcd", "livemode": livemode}


@pytest.fixture
async def service(merchants_service: MerchantsService) -> MerchantsService:
    (await merchants_service.put(CONNECTOR, connector())).ok()
    return merchants_service


async def apply(service: MerchantsService, *, merchant: str = "acme", **body: Any) -> Answer:
    spec = config(merchant, **body.pop("fields", {}))
    return await service.put(f"/admin/v1/merchants/{merchant}/config", {"spec": spec, "owner": owner(), **body})


async def leased(service: MerchantsService, name: str = "signing") -> str:
    answer = (await service.get(f"/internal/v1/secrets/merchant:acme/{name}")).ok()
    return str(answer["current"]["value"])


async def test_one_request_makes_merchant_configuration_secrets_and_keys(service: MerchantsService):
    applied = (await apply(service, secrets=[secret("first", 10)], api_keys=[key("k1")])).ok()
    assert (applied["changed"], applied["status"]) == (True, "active")
    assert applied["owner"]["resource"] == "prod/shops/acme"
    assert [item["status"] for item in applied["api_keys"]] == ["active"]
    assert await leased(service) == "first"
    listed = (await service.get("/admin/v1/merchants"))["data"]
    assert listed[0]["spec_hash"] == applied["spec_hash"]
    found = await service.post("/internal/v1/keys/lookup", {"hash": key("k1")["hash"]})
    assert found["found"]
    # The same once more makes nothing new.
    again = (await apply(service, secrets=[secret("first", 10)], api_keys=[key("k1")])).ok()
    assert (again["changed"], again["api_keys"]) == (False, applied["api_keys"])
    assert len((await service.get("/admin/v1/merchants/acme/keys"))["data"]) == 1


async def test_a_refused_owner_leaves_no_secret_and_no_key(service: MerchantsService):
    (await apply(service, secrets=[secret("first", 10)])).ok()
    thief = await apply(service, owner=owner("u2", 9), secrets=[secret("stolen", 99)], api_keys=[key("k2")])
    assert (thief.status, thief["code"], thief["owner_resource"]) == (409, "owned_by_other", "prod/shops/acme")
    assert await leased(service) == "first"
    assert not (await service.post("/internal/v1/keys/lookup", {"hash": key("k2")["hash"]}))["found"]


async def test_a_rotated_secret_needs_no_generation_and_an_old_one_comes_too_late(service: MerchantsService):
    (await apply(service, secrets=[secret("first", 10)])).ok()
    rotated = (await apply(service, secrets=[secret("second", 12)])).ok()
    assert rotated["changed"] is False
    assert await leased(service) == "second"
    late = await apply(service, secrets=[secret("first", 10)])
    assert (late.status, late["code"]) == (412, "stale_secret")
    assert await leased(service) == "second"
    # The same value under a newer version moves the fence, too.
    (await apply(service, secrets=[secret("second", 15)])).ok()
    assert (await apply(service, secrets=[secret("first", 14)])).status == 412
    (await apply(service, secrets=[secret("first", 14)], adopt=True)).ok()


async def test_what_a_secret_is_the_source_of_is_not_put_by_hand(service: MerchantsService):
    (await apply(service, secrets=[secret("first", 10)])).ok()
    refused = await service.put("/admin/v1/merchants/acme/secrets/signing", {"value": "by hand"})
    assert (refused.status, refused["code"]) == (409, "owned_by_other")
    assert (await service.put("/admin/v1/merchants/acme/secrets/other", {"value": "by hand"})).status == 201
    hand = await service.put(PATH, {"spec": config("acme"), "secrets": [secret("x", 1)]})
    assert (hand.status, hand["param"]) == (400, "owner")


async def test_keys_of_others_and_revoked_keys(service: MerchantsService):
    taken = (await apply(service, api_keys=[key("k1")])).ok()
    other = await apply(service, merchant="other", owner=owner("u2", 1, "other"), api_keys=[key("k1")])
    assert (other.status, other["code"]) == (409, "key_of_other")
    assert (await service.get("/admin/v1/merchants/other")).status == 404  # all or nothing
    key_id = taken["api_keys"][0]["id"]
    (await service.post(f"/admin/v1/merchants/acme/keys/{key_id}/revoke")).ok()
    assert (await apply(service, api_keys=[key("k1")]))["api_keys"][0]["status"] == "revoked"


async def test_adopt_brings_a_restored_resource_past_the_fence(service: MerchantsService):
    (await apply(service, owner=owner(generation=9))).ok()
    assert (await apply(service, owner=owner(generation=2))).status == 412
    adopted = (await apply(service, owner=owner(generation=2), adopt=True)).ok()
    assert adopted["owner"]["generation"] == 2


async def test_an_owner_that_goes_may_disable_and_the_next_one_enables(service: MerchantsService):
    (await apply(service)).ok()
    gone = (await service.post(f"{PATH}/release", {"uid": "u1", "disable": True})).ok()
    assert (gone["status"], gone["owner"]) == ("disabled", None)
    assert (await apply(service, owner=owner("u2"))).ok()["status"] == "active"
    # What a person disabled stays so.
    (await service.post("/admin/v1/merchants/acme/disable")).ok()
    assert (await apply(service, owner=owner("u2"))).ok()["status"] == "disabled"
    (await service.post(f"{PATH}/release", {"uid": "u2", "disable": True})).ok()
    assert (await apply(service, owner=owner("u3"))).ok()["status"] == "disabled"


async def test_a_connector_has_one_owner(service: MerchantsService):
    refused = await service.put(CONNECTOR, {**connector(), "merchantAccount": "M1", "owner": owner("c1")})
    assert (refused.status, refused["code"]) == (409, "not_adopted")
    body = {**connector(), "owner": owner("c1"), "secrets": [secret("{}", 5, "credentials")]}
    made = (await service.put(CONNECTOR, body)).ok()
    assert made["owner"]["uid"] == "c1"
    assert (await service.put(CONNECTOR, {**body, "owner": owner("c2")})).status == 409
    assert (await service.put(CONNECTOR, {**connector(), "merchantAccount": "M1"})).status == 409
    assert (await service.put(CONNECTOR, connector())).ok()["owner"]["uid"] == "c1"
    lease = (await service.get("/internal/v1/secrets/connector:simulator/credentials")).ok()
    assert lease["current"]["value"] == "{}"
    changed = (await service.put(CONNECTOR, {**body, "merchantAccount": "M1", "owner": owner("c1", 2)})).ok()
    assert changed["spec_hash"] != made["spec_hash"]
    assert (await service.put(CONNECTOR, body)).status == 412
    assert (await service.post(f"{CONNECTOR}/release", {"uid": "c2"}))["owner"]["uid"] == "c1"
    assert (await service.post(f"{CONNECTOR}/release", {"uid": "c1"}))["owner"] is None


async def test_a_plan_for_a_merchant_that_is_not_there(service: MerchantsService):
    plan = (await service.put(f"{PATH}?dryRun=true", {"spec": config("acme"), "owner": owner()})).ok()
    assert (plan["accepted"], plan["config_version"]) == (True, None)
    assert plan["routes"] == [{"rule": "all", "change": "added", "detail": "sends to 100% simulator"}]
    assert (await service.get("/admin/v1/merchants/acme")).status == 404
    assert (await service.put(f"{PATH}?dryRun=true", {"spec": config("acme")})).status == 404


async def test_floors_of_replicas(service: MerchantsService):
    empty = (await service.get("/admin/v1/replicas")).ok()
    assert (empty["replicas"], empty["missing_services"]) == ([], ["notifications", "payments"])
    report = {"epoch": empty["epoch"], "floor": 7}
    (await service.call("PUT", "/internal/v1/replicas/payments/p-1", report)).ok()
    told = await service.get("/admin/v1/replicas")
    assert [(replica["replica"], replica["floor"]) for replica in told["replicas"]] == [("p-1", 7)]
    assert told["missing_services"] == ["notifications"]
