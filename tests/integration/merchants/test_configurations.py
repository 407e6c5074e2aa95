import asyncio
from typing import Any

import pytest
from tests.support.merchants import Answer, MerchantsService, config, connector

PATH = "/admin/v1/merchants/acme/config"


@pytest.fixture
async def service(merchants_service: MerchantsService) -> MerchantsService:
    (await merchants_service.put("/admin/v1/connectors/simulator", connector())).ok()
    (await merchants_service.put("/admin/v1/merchants/acme", {})).ok()
    return merchants_service


async def apply(
    service: MerchantsService, uid: str | None, generation: int = 1, *, more: Any = None, **fields: Any
) -> Answer:
    body = {"spec": config("acme", **fields), **(more or {})}
    if uid is not None:
        body["owner"] = {"uid": uid, "generation": generation}
    return await service.put(PATH, body)


async def test_the_same_generation_changes_nothing_the_next_one_does(service: MerchantsService):
    first = (await apply(service, "u1")).ok()
    again = (await apply(service, "u1")).ok()
    assert (first["changed"], again["changed"]) == (True, False)
    assert again["config_version"] == first["config_version"]
    second = (await apply(service, "u1", 2, displayName="New")).ok()
    assert second["config_version"] > first["config_version"]
    assert second["owner"] == {"uid": "u1", "generation": 2, "resource": ""}
    # A generation with the same content is remembered, and makes no version.
    third = (await apply(service, "u1", 3, displayName="New")).ok()
    assert (third["changed"], third["config_version"]) == (False, second["config_version"])
    assert (await apply(service, "u1", 2, displayName="New")).status == 412


async def test_fences(service: MerchantsService):
    (await apply(service, "u1", 5)).ok()
    stale = await apply(service, "u1", 4, displayName="Old")
    assert (stale.status, stale["code"], stale["owner_generation"]) == (412, "stale_generation", 5)
    reused = await apply(service, "u1", 5, displayName="Other")
    assert (reused.status, reused["code"]) == (409, "generation_reused")
    other = await apply(service, "u2", 9)
    assert (other.status, other["code"], other["owner_uid"]) == (409, "owned_by_other", "u1")
    hand = await apply(service, None, displayName="By hand")
    assert (hand.status, hand["code"]) == (409, "owned_by_other")
    adopted = (await apply(service, "u2", 1, more={"adopt": True})).ok()
    assert adopted["owner"] == {"uid": "u2", "generation": 1, "resource": ""}
    assert (await apply(service, "u1", 6)).status == 409


async def test_what_was_written_by_hand_is_taken_over_only_when_said(service: MerchantsService):
    (await apply(service, None)).ok()
    refused = await apply(service, "u1", displayName="From the resource")
    assert (refused.status, refused["code"]) == (409, "not_adopted")
    assert (await apply(service, "u1")).ok()["owner"]["uid"] == "u1"  # the same content needs no word


async def test_break_glass_holds_for_its_time_and_then_the_owner_again(service: MerchantsService):
    (await apply(service, "u1", 3)).ok()
    glass = {"break_glass": {"reason": "acquirer down", "ttl_seconds": 60}}
    edited = (await apply(service, None, displayName="Emergency", more=glass)).ok()
    assert edited["break_glass"]["reason"] == "acquirer down"
    assert edited["owner"]["uid"] == "u1"
    for generation in (3, 4):
        refused = await apply(service, "u1", generation)
        assert (refused.status, refused["code"], refused["retryable"]) == (409, "break_glass_active", True)
    async with service.db.connection() as conn:
        await conn.execute("UPDATE merchants SET break_glass_until=UTC_TIMESTAMP(6) - INTERVAL 1 SECOND")
    back = (await apply(service, "u1", 3)).ok()
    assert (back["changed"], back["spec"]["displayName"], back["break_glass"]) == (True, "A shop", None)
    versions = (await service.get(f"{PATH}/versions"))["data"]
    assert [version["reason"] for version in versions] == [None, "acquirer down", None]


async def test_what_an_emergency_took_away_comes_back_though_no_rule_leads_there(service: MerchantsService):
    new = {"legacy": {"protocol": "nvp", "mode": "New", "upstream": "https://old.example"}}
    (await apply(service, "u1", 3, **new)).ok()
    (await apply(service, None, more={"break_glass": {"reason": "acquirer down", "ttl_seconds": 60}})).ok()
    async with service.db.connection() as conn:
        await conn.execute("UPDATE merchants SET break_glass_until=UTC_TIMESTAMP(6) - INTERVAL 1 SECOND")
    assert (await apply(service, "u1", 3, **new)).ok()["spec"]["legacy"]["mode"] == "New"
    (await apply(service, "u1", 4)).ok()  # the owner's own content has no way to New any more
    assert (await apply(service, "u1", 5, **new))["code"] == "config_invalid"


async def test_two_writes_of_one_generation_at_once_make_one_version(service: MerchantsService):
    same = await asyncio.gather(*(apply(service, "u1", 1) for _ in range(8)))
    assert sorted(answer["changed"] for answer in same) == [False] * 7 + [True]
    other = await asyncio.gather(*(apply(service, "u1", 2, displayName=f"Shop {n}") for n in range(8)))
    assert sorted(answer.status for answer in other) == [200] + [409] * 7
    stored = await service.get(PATH)
    winner = next(answer for answer in other if answer.status == 200)
    assert stored["spec"] == winner["spec"]
    assert len((await service.get(f"{PATH}/versions"))["data"]) == 2


async def test_owners_in_a_race_leave_one(service: MerchantsService):
    answers = await asyncio.gather(*(apply(service, f"u{n}") for n in range(6)))
    assert sorted(answer.status for answer in answers) == [200] + [409] * 5


async def test_an_owner_that_lets_go(service: MerchantsService):
    (await apply(service, "u1")).ok()
    assert (await service.post(f"{PATH}/release", {"uid": "someone-else"}))["owner"] is not None
    assert (await service.post(f"{PATH}/release", {"uid": "u1"}))["owner"] is None
    assert (await apply(service, None, displayName="By hand")).ok()["changed"]


async def counts(service: MerchantsService) -> Any:
    tables = ("merchants", "merchant_configs", "feed", "outbox", "change_counter")
    async with service.db.connection() as conn:
        return [await conn.fetch_all(f"SELECT * FROM {table} ORDER BY 1") for table in tables if table != "outbox"] + [
            await conn.fetch_all("SELECT event_id FROM outbox ORDER BY seq")
        ]


async def test_a_dry_run_tells_everything_and_writes_nothing(service: MerchantsService):
    (await apply(service, "u1", 2)).ok()
    before = await counts(service)
    body = {
        "spec": config("acme", displayName="Other", defaultCurrency="USD", colour="red"),
        "owner": {"uid": "u1", "generation": 1},
    }
    plan = (await service.put(f"{PATH}?dryRun=true", body)).ok()
    assert plan["accepted"] is False
    assert plan["changes"] == [
        {"path": "displayName", "old": "A shop", "new": "Other"},
        {"path": "defaultCurrency", "old": "EUR", "new": "USD"},
    ]
    assert [violation["path"] for violation in plan["violations"]] == ["colour", "defaultCurrency"]
    assert plan["conflict"]["code"] == "stale_generation"
    body = {"spec": config("acme", displayName="Other"), "owner": {"uid": "u1", "generation": 3}}
    assert (await service.put(f"{PATH}?dryRun=true", body))["accepted"] is True
    assert await counts(service) == before


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"currencies": []}, "spec.currencies"),
        ({"currencies": ["EUR", "XXX"]}, "spec.currencies[1]"),
        ({"defaultCurrency": 7}, "spec.defaultCurrency"),
        ({"displayName": "a\nb"}, "spec.displayName"),
        ({"merchantId": "other"}, "spec.merchantId"),
        ({"unheardOf": 1}, "spec.unheardOf"),
        ({"connectors": [{"name": "main", "connectorRef": {"name": "gone"}}]}, "spec.connectors[0].connectorRef.name"),
        ({"routing": [{"name": "all", "targets": []}]}, "spec.routing[0].targets"),
        ({"webhooks": [{"name": "w", "url": "http://example.com"}]}, "spec.webhooks[0].url"),
    ],
)
async def test_a_refusal_names_the_field(service: MerchantsService, fields: dict[str, Any], param: str):
    answer = await service.put(PATH, {"spec": config("acme", **fields)})
    assert (answer.status, answer["param"]) == (400, param), answer.body
    assert (await service.get(PATH)).status == 404


async def test_rules_of_modes(service: MerchantsService):
    (await service.put("/admin/v1/connectors/bank", connector("bank", livemode=True))).ok()
    both = [
        {"name": "main", "connectorRef": {"name": "simulator"}},
        {"name": "bank", "connectorRef": {"name": "bank"}},
    ]
    mixed = [{"name": "all", "targets": [{"connector": "main", "weight": 50}, {"connector": "bank", "weight": 50}]}]
    answer = await apply(service, None, connectors=both, routing=mixed)
    assert (answer.status, answer["param"]) == (400, "spec.routing[0].targets[1].connector")
    changed = await service.put("/admin/v1/connectors/bank", connector("bank", livemode=False))
    assert (changed.status, changed["code"]) == (409, "connector_mode_fixed")


async def test_from_legacy_to_new_only_through_shadow(service: MerchantsService):
    def legacy(mode: str) -> dict[str, Any]:
        return {"protocol": "payabl", "mode": mode, "upstream": "https://old.example"}

    (await apply(service, "u1", 1, legacy=legacy("Legacy"))).ok()
    jump = await apply(service, "u1", 2, legacy=legacy("New"))
    assert (jump.status, jump["param"]) == (400, "spec.legacy.mode")
    (await apply(service, "u1", 2, legacy=legacy("Shadow"))).ok()
    (await apply(service, "u1", 3, legacy=legacy("New"))).ok()


async def test_connectors_are_checked_and_kept(service: MerchantsService):
    for fields, param in (
        ({"adapter": "fax"}, "adapter"),
        ({"baseUrl": "http://example.com"}, "baseUrl"),
        ({"name": "other"}, "name"),
        ({"speed": 1}, "speed"),
        ({"timeouts": {"connectSeconds": 9, "totalSeconds": 1}}, "timeouts.connectSeconds"),
    ):
        answer = await service.put("/admin/v1/connectors/c", {**connector("c"), **fields})
        assert (answer.status, answer["param"]) == (400, param)
    assert (await service.put("/admin/v1/connectors/c", connector("c"))).status == 201
    assert (await service.put("/admin/v1/connectors/c", connector("c"))).status == 200
    assert (await service.get("/admin/v1/connectors/c"))["spec"]["timeouts"]["totalSeconds"] == 10.0


async def test_versions_are_kept_and_paged(service: MerchantsService):
    for generation in range(1, 4):
        (await apply(service, "u1", generation, displayName=f"Name {generation}")).ok()
    page = await service.get(f"{PATH}/versions?limit=2")
    assert [item["spec"]["displayName"] for item in page["data"]] == ["Name 3", "Name 2"]
    rest = await service.get(f"{PATH}/versions?limit=2&starting_after={page['next_cursor']}")
    oldest = rest["data"][0]
    assert (await service.get(f"{PATH}/versions/{oldest['config_version']}"))["spec"] == oldest["spec"]
    assert (await service.get(f"{PATH}/versions/999")).status == 404
