"""Whose a merchant is: other resources, restored and recreated ones; and what remains when a resource goes."""

import asyncio
from pathlib import Path
from typing import Any

from tests.support.merchant_operator import Operator, Tenant, connector, merchant_config, running_operator
from tests.support.merchants import MerchantsService
from tests.support.platform import eventually

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
    before = swept(operator)
    await eventually(lambda: asyncio.to_thread(lambda: swept(operator) > before + 2))
    for number in range(3):
        assert (await merchants_service.get(f"/admin/v1/merchants/m{number}"))["owner"]["uid"] == f"u{number}"


def swept(operator: Operator) -> float:
    lines = operator.metrics().splitlines()
    return next(
        float(line.split()[-1]) for line in lines if line.startswith('florin_operator_sweeps_total{outcome="done"')
    )


async def test_a_namespace_uses_its_own_connectors_only(
    operator: Operator, tenant: Tenant, merchants_service: MerchantsService
) -> None:
    stored = {"name": "foreign", "adapter": "simulator", "baseUrl": "https://bank.example"}
    (await merchants_service.put("/admin/v1/connectors/foreign", stored)).ok()
    tenant.apply(merchant_config(connectors=[{"name": "main", "connectorRef": {"name": "foreign"}}]))
    await tenant.until("acme", "Ready=False:ConnectorMissing")
    assert (await merchants_service.get(PATH)).status == 404
