"""Whose a merchant is: other resources, restored and recreated ones; and what remains when a resource goes."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from tests.support.merchant_operator import Operator, Tenant, connector, merchant_config, running_operator
from tests.support.merchants import MerchantsService
from tests.support.merchants import connector as stored_connector
from tests.support.platform import eventually
from tests.support.replicas import Replicas

PATH = "/admin/v1/merchants/acme"


async def merchant(service: MerchantsService) -> Any:
    return (await service.get(PATH)).ok()


async def test_a_second_resource_waits_until_it_is_told_to_adopt(
    operator: Operator, tenant: Tenant, merchants_service: MerchantsService
) -> None:
    tenant.apply(connector(), merchant_config())
    first = await tenant.until("acme", "Ready=True")
    tenant.apply(merchant_config("second", merchantId="acme", displayName="Second"))
    refused = await tenant.until("second", "Ready=False:OwnedByOther", "Stalled=True", "Accepted=True")
    ready = next(item for item in refused["status"]["conditions"] if item["type"] == "Ready")
    assert f"default/{tenant.namespace}/acme" in ready["message"]
    assert "OwnedByOther" in tenant.events("second")
    tenant.apply(merchant_config("second", merchantId="acme", displayName="Second", adopt="yes"))
    await tenant.until("second", "Ready=True")
    lost = await tenant.until("acme", "Ready=False:OwnedByOther", "Drifted=True")
    assert lost["metadata"]["uid"] == first["metadata"]["uid"]
    assert (await merchant(merchants_service))["display_name"] == "Second"
    # It is heeded once: if the first one is told to take it back, the two do not fight.
    tenant.apply(merchant_config(adopt="back"))
    await tenant.until("acme", "Ready=True")
    await tenant.until("second", "Ready=False:OwnedByOther")
    owner = (await merchant(merchants_service))["owner"]
    assert owner["uid"] == first["metadata"]["uid"]


async def test_what_another_namespace_owns_is_not_taken_by_a_word(
    operator: Operator, tenant: Tenant, merchants_service: MerchantsService
) -> None:
    tenant.apply(connector())
    await tenant.until("bank", "Ready=True", kind="connectors")
    spec = merchant_config()["spec"] | {"displayName": "Not yours"}
    owner = {"uid": "u1", "generation": 1, "resource": f"default/{tenant.namespace}-x/acme"}
    (await merchants_service.put(f"{PATH}/config", {"spec": spec, "owner": owner})).ok()
    tenant.apply(merchant_config(adopt="yes"))
    refused = await tenant.until("acme", "Ready=False:OwnedByOther", "Stalled=True")
    ready = next(item for item in refused["status"]["conditions"] if item["type"] == "Ready")
    assert "not of this namespace" in ready["message"]
    assert (await merchant(merchants_service))["owner"]["uid"] == "u1"
    # Those who run the platform let go of it; then the word counts.
    (await merchants_service.post(f"{PATH}/config/release", {})).ok()
    await tenant.until("acme", "Ready=True")
    assert (await merchant(merchants_service))["display_name"] == "A shop"


async def test_a_recreated_resource_succeeds_its_predecessor(
    operator: Operator, tenant: Tenant, merchants_service: MerchantsService
) -> None:
    tenant.apply(connector(), merchant_config())
    first = await tenant.until("acme", "Ready=True")
    tenant.kubectl("delete", "merchantconfig", "acme")
    tenant.apply(merchant_config(displayName="Recreated"))
    second = await tenant.until("acme", "Ready=True")
    assert second["metadata"]["uid"] != first["metadata"]["uid"]
    found = await merchant(merchants_service)
    assert (found["display_name"], found["owner"]["uid"]) == ("Recreated", second["metadata"]["uid"])


async def test_what_was_written_by_hand_is_adopted_only_when_said(
    operator: Operator, tenant: Tenant, merchants_service: MerchantsService
) -> None:
    tenant.apply(connector())
    await tenant.until("bank", "Ready=True", kind="connectors")
    (await merchants_service.put(PATH, {})).ok()
    spec = merchant_config()["spec"] | {"displayName": "By hand"}
    (await merchants_service.put(f"{PATH}/config", {"spec": spec})).ok()
    tenant.apply(merchant_config())
    await tenant.until("acme", "Ready=False:NotAdopted")
    tenant.apply(merchant_config(adopt="yes"))
    await tenant.until("acme", "Ready=True")


async def test_a_resource_that_was_restored_to_an_older_generation(
    operator: Operator, tenant: Tenant, merchants_service: MerchantsService
) -> None:
    """As after a restore of etcd: the same uid, and merchants knows a later generation."""
    tenant.apply(connector(), merchant_config())
    found = await tenant.until("acme", "Ready=True")
    owner = {"uid": found["metadata"]["uid"], "generation": 9, "resource": f"default/{tenant.namespace}/acme"}
    later = {"spec": merchant_config()["spec"] | {"displayName": "Later"}, "owner": owner}
    (await merchants_service.put(f"{PATH}/config", later)).ok()
    await tenant.until("acme", "Synced=False:StaleGeneration", "Stalled=True", "Drifted=True")
    tenant.apply(merchant_config(adopt="after the restore"))
    await tenant.until("acme", "Ready=True")
    assert (await merchant(merchants_service))["owner"]["generation"] == found["metadata"]["generation"]


@pytest.mark.timeout(180)
async def test_etcd_is_restored_under_a_running_operator(
    operator: Operator, tenant: Tenant, merchants_service: MerchantsService
) -> None:
    """Versions begin anew below those that the operator knows, and what came after the backup is not there."""
    tenant.apply(connector(), merchant_config())
    await tenant.until("acme", "Ready=True")
    with tenant.api_server.set_back():
        tenant.apply(merchant_config(displayName="Lost"), merchant_config("late", deletionPolicy="Disable"))
        for name in ("acme", "late"):
            await tenant.until(name, "Ready=True")
    await tenant.until("acme", "Synced=False:StaleGeneration", "Drifted=True")
    late = merchants_service.get("/admin/v1/merchants/late")
    assert (await late)["status"] == "active"  # nobody deleted its resource
    await sweeps(operator)
    assert "florin_operator_disables_held_back 1.0" in operator.metrics()
    tenant.apply(merchant_config(adopt="after the restore"))
    await tenant.until("acme", "Ready=True")
    assert (await merchant(merchants_service))["display_name"] == "A shop"


@pytest.mark.timeout(180)
async def test_etcd_is_restored_and_nothing_that_is_left_tells_so(
    operator: Operator, tenant: Tenant, merchants_service: MerchantsService
) -> None:
    tenant.apply(connector(), merchant_config())
    await tenant.until("acme", "Ready=True")
    with tenant.api_server.set_back():
        tenant.apply(merchant_config("late", deletionPolicy="Disable"))
        await tenant.until("late", "Ready=True")
        await sweeps(operator)

    async def held_back() -> bool:
        return "florin_operator_disables_held_back 1.0" in await asyncio.to_thread(operator.metrics)

    await eventually(held_back)
    assert (await merchants_service.get("/admin/v1/merchants/late"))["status"] == "active"


async def test_retain_leaves_the_merchant_and_lets_go_of_it(
    operator: Operator, tenant: Tenant, merchants_service: MerchantsService
) -> None:
    tenant.apply(connector(), merchant_config())
    await tenant.until("acme", "Ready=True")
    tenant.kubectl("delete", "merchantconfig", "acme", "--timeout=10s")  # no finalizer to wait for

    async def let_go() -> bool:
        return (await merchant(merchants_service))["owner"] is None

    await eventually(let_go)
    assert (await merchant(merchants_service))["status"] == "active"
    tenant.kubectl("delete", "connector", "bank", "--timeout=10s")

    async def connector_let_go() -> bool:
        return (await merchants_service.get("/admin/v1/connectors/bank"))["owner"] is None

    await eventually(connector_let_go)


async def test_disable_refuses_the_keys_and_a_new_resource_accepts_them_again(
    operator: Operator, tenant: Tenant, merchants_service: MerchantsService
) -> None:
    tenant.apply(connector(), merchant_config(deletionPolicy="Disable"))
    found = await tenant.until("acme", "Ready=True")
    assert found["metadata"]["finalizers"] == ["florin.dev/disable-merchant"]
    await asyncio.to_thread(tenant.kubectl, "delete", "merchantconfig", "acme", "--timeout=30s")
    gone = await merchant(merchants_service)
    assert (gone["status"], gone["owner"]) == ("disabled", None)
    tenant.apply(merchant_config(deletionPolicy="Disable"))
    await tenant.until("acme", "Ready=True")
    assert (await merchant(merchants_service))["status"] == "active"
    # The finalizer goes with the policy.
    tenant.apply(merchant_config(deletionPolicy="Retain"))
    kept = await tenant.until("acme", "Ready=True")
    assert "finalizers" not in kept["metadata"]


async def test_a_merchant_that_a_person_disabled_is_not_enabled(
    operator: Operator, tenant: Tenant, merchants_service: MerchantsService
) -> None:
    tenant.apply(connector(), merchant_config())
    await tenant.until("acme", "Ready=True")
    (await merchants_service.post(f"{PATH}/disable")).ok()
    await tenant.until("acme", "Ready=False:MerchantDisabled", "Synced=True")
    tenant.apply(merchant_config(displayName="Changed"))
    await tenant.until("acme", "Ready=False:MerchantDisabled", "Synced=True")
    assert (await merchant(merchants_service))["status"] == "disabled"


async def test_a_finalizer_that_was_taken_away_by_hand_still_disables(
    tenant: Tenant, merchants_service: MerchantsService, replicas: Any, tmp_path: Path
) -> None:
    """The operator is gone, a person frees the resource; the next sweep does what its policy said."""
    tenant.apply(connector(), merchant_config(deletionPolicy="Disable"))
    with running_operator(tenant, merchants_service.url, tmp_path):
        await tenant.until("acme", "Ready=True")
    tenant.kubectl("delete", "merchantconfig", "acme", "--wait=false")
    tenant.kubectl("patch", "merchantconfig", "acme", "--type=merge", "-p", '{"metadata":{"finalizers":null}}')
    assert (await merchant(merchants_service))["status"] == "active"
    with running_operator(tenant, merchants_service.url, tmp_path):

        async def disabled() -> bool:
            found = await merchant(merchants_service)
            return (found["status"], found["owner"]) == ("disabled", None)

        await eventually(disabled)


async def test_owners_of_other_clusters_and_namespaces_are_left_alone(
    operator: Operator, tenant: Tenant, merchants_service: MerchantsService
) -> None:
    tenant.apply(connector())
    await tenant.until("bank", "Ready=True", kind="connectors")
    for number, resource in enumerate((f"other/{tenant.namespace}/x", "default/elsewhere/x", "")):
        spec = merchant_config(f"m{number}")["spec"]
        owner = {"uid": f"u{number}", "generation": 1, "resource": resource}
        (await merchants_service.put(f"/admin/v1/merchants/m{number}/config", {"spec": spec, "owner": owner})).ok()
    await sweeps(operator)
    for number in range(3):
        assert (await merchants_service.get(f"/admin/v1/merchants/m{number}"))["owner"]["uid"] == f"u{number}"


async def test_what_a_cluster_that_was_built_anew_does_not_know_is_not_disabled(
    operator: Operator, tenant: Tenant, merchants_service: MerchantsService
) -> None:
    """Every name is as it was; no resource is there yet. So is it where two clusters are called alike."""
    tenant.apply(connector())
    await tenant.until("bank", "Ready=True", kind="connectors")
    await left_over(merchants_service, "acme", f"default/{tenant.namespace}/acme@0a1b2c3d")
    await sweeps(operator)
    found = await merchant(merchants_service)
    assert (found["status"], found["owner"]["uid"]) == ("active", "gone-acme")
    # Nor do the two fight over it: who takes over is told to, once.
    tenant.apply(merchant_config())
    await tenant.until("acme", "Ready=False:OwnedByOther", "Stalled=True")
    tenant.apply(merchant_config(adopt="the new cluster"))
    await tenant.until("acme", "Ready=True")


async def test_merchants_are_not_disabled_while_resources_seem_lost(
    tenant: Tenant, merchants_service: MerchantsService, replicas: Replicas, tmp_path: Path
) -> None:
    (await merchants_service.put("/admin/v1/connectors/bank", stored_connector("bank"))).ok()
    names = [f"m{number}" for number in range(4)]
    for name in names:  # before any operator sweeps: it must see them all at once
        await left_over(merchants_service, name, tenant.owner(name))

    async def disabled() -> bool:
        return await states(merchants_service, names[1:]) == {"disabled"}

    with running_operator(tenant, merchants_service.url, tmp_path) as operator:
        await operator.ready()
        await sweeps(operator)
        assert await states(merchants_service, names) == {"active"}
        assert "florin_operator_disables_held_back 4.0" in operator.metrics()
        assert any("merchants are not disabled" in line["message"] for line in operator.lines())
        (await merchants_service.post("/admin/v1/merchants/m0/config/release", {})).ok()
        await eventually(disabled)
    assert await states(merchants_service, ["m0"]) == {"active"}


async def test_an_owner_s_name_of_an_earlier_release_is_brought_up_to_date(
    operator: Operator, tenant: Tenant, merchants_service: MerchantsService
) -> None:
    tenant.apply(connector(), merchant_config())
    found = (await tenant.until("acme", "Ready=True"))["metadata"]
    owner = {"uid": found["uid"], "generation": found["generation"], "resource": f"default/{tenant.namespace}/acme"}
    (await merchants_service.put(f"{PATH}/config", {"spec": merchant_config()["spec"], "owner": owner})).ok()

    async def named() -> bool:
        owner = (await merchant(merchants_service))["owner"]
        return bool(owner["resource"] == tenant.owner("acme"))

    await eventually(named)


async def left_over(service: MerchantsService, name: str, resource: str) -> None:
    """A merchant to be disabled with its resource, which no cluster holds any more."""
    spec = merchant_config(name, deletionPolicy="Disable")["spec"]
    owner = {"uid": f"gone-{name}", "generation": 1, "resource": resource}
    (await service.put(f"/admin/v1/merchants/{name}/config", {"spec": spec, "owner": owner})).ok()


async def states(service: MerchantsService, names: list[str]) -> set[str]:
    return {(await service.get(f"/admin/v1/merchants/{name}")).ok()["status"] for name in names}


async def sweeps(operator: Operator) -> None:
    before = swept(operator)
    await eventually(lambda: asyncio.to_thread(lambda: swept(operator) > before + 2))


def swept(operator: Operator) -> float:
    lines = operator.metrics().splitlines()
    done = [line for line in lines if line.startswith('florin_operator_sweeps_total{outcome="done"')]
    return float(done[0].split()[-1]) if done else 0.0


async def test_a_namespace_uses_its_own_connectors_only(
    operator: Operator, tenant: Tenant, merchants_service: MerchantsService
) -> None:
    stored = {"name": "foreign", "adapter": "simulator", "baseUrl": "https://bank.example"}
    (await merchants_service.put("/admin/v1/connectors/foreign", stored)).ok()
    tenant.apply(merchant_config(connectors=[{"name": "main", "connectorRef": {"name": "foreign"}}]))
    await tenant.until("acme", "Ready=False:ConnectorMissing")
    assert (await merchants_service.get(PATH)).status == 404


async def test_a_connector_that_another_namespace_took_carries_no_payments_of_this_one(
    operator: Operator, tenant: Tenant, merchants_service: MerchantsService
) -> None:
    """Names of connectors are global: under this one stand another's address and credentials now."""
    tenant.apply(connector(), merchant_config())
    await tenant.until("acme", "Ready=True")
    (await merchants_service.post("/admin/v1/connectors/bank/release", {})).ok()
    stored = {"name": "bank", "adapter": "simulator", "baseUrl": "https://not-yours.example"}
    owner = {"uid": "u1", "generation": 1, "resource": "default/elsewhere/bank@0a1b2c3d"}
    (await merchants_service.put("/admin/v1/connectors/bank", stored | {"owner": owner, "adopt": True})).ok()
    lost = await tenant.until("bank", "Ready=False:OwnedByOther", kind="connectors")
    assert lost["status"]["appliedGeneration"] == 1  # what it was once is no proof
    tenant.apply(merchant_config("second"))
    await tenant.until("second", "Ready=False:ConnectorNotReady")
    await tenant.until("acme", "Ready=False:ConnectorNotReady")
    assert (await merchants_service.get("/admin/v1/merchants/second")).status == 404
    (await merchants_service.post("/admin/v1/connectors/bank/release", {})).ok()
    tenant.apply(connector(adopt="back"))
    for name in ("second", "acme"):
        await tenant.until(name, "Ready=True")
