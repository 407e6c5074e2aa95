"""kubectl's plugin, called by kubectl as a person with few rights calls it."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from tests.support.holding_proxy import holding_proxy
from tests.support.kubectl_plugin import READ, RELEASE, Person, planner_rules, publish
from tests.support.kubernetes import KubectlError
from tests.support.merchant_operator import (
    ACCOUNT,
    Operator,
    Tenant,
    connector,
    merchant_config,
    role,
    running_operator,
)
from tests.support.merchants import MerchantsService
from tests.support.platform import eventually

from merchant_operator.rbac import NAMESPACE_RULES

MERCHANTS = "/admin/v1/merchants"
OUTSIDE = {"FLORIN_HOST": "0.0.0.0"}


async def explained(person: Person, name: str, link: str, reason: str) -> Any:
    """What `explain` says, once it says this."""

    async def says() -> Any:
        told = await person.asks("explain", name, status=1)
        return told if (told["failingLink"], told["reason"]) == (link, reason) else None

    return await eventually(says, timeout_s=60, pause_s=0.5)


STANDING_STILL = {
    "no-secret": ("accepted", "SecretMissing", "signing", "Make the Secret"),
    "no-connector": ("accepted", "ConnectorMissing", "nowhere", "Apply the Connector"),
    "rejected": ("accepted", "Rejected", "spec.routing[0].targets[1].connector", "plan -f"),
    "second": ("synced", "OwnedByOther", "/first", "florin.dev/adopt"),
    "restored": ("synced", "StaleGeneration", "older than 9", "florin.dev/adopt"),
    "paused": ("accepted", "Paused", "looks away", "reconcilePolicy"),
    "edited": ("synced", "BreakGlass", "", "history edited"),
}
"""By name: the failing link, its reason, what the message and the way out tell."""


async def stage(tenant: Tenant, service: MerchantsService) -> None:
    hook = {"name": "shop", "url": "https://shop.example/hook", "signingSecretRef": {"name": "signing"}}
    two = [{"name": name, "connectorRef": {"name": name}} for name in ("bank", "live")]
    halves = [{"connector": name, "weight": 50} for name in ("bank", "live")]
    tenant.apply(
        connector(),
        connector("live", livemode=True),
        merchant_config("no-secret", webhooks=[hook]),
        merchant_config("no-connector", connectors=[{"name": "main", "connectorRef": {"name": "nowhere"}}]),
        merchant_config("rejected", connectors=two, routing=[{"name": "all", "targets": halves}]),
        merchant_config("paused", reconcilePolicy="Paused"),
        *(merchant_config(name) for name in ("first", "restored", "edited")),
    )
    for name in ("first", "restored", "edited"):
        await tenant.until(name, "Ready=True")
    tenant.apply(merchant_config("second", merchantId="first", displayName="Another"))
    spec = merchant_config("restored")["spec"] | {"displayName": "Later"}
    owner = {"uid": tenant.get("restored")["metadata"]["uid"], "generation": 9}
    (await service.put(f"{MERCHANTS}/restored/config", {"spec": spec, "owner": owner})).ok()
    spec = merchant_config("edited")["spec"] | {"displayName": "By hand"}
    glass = {"reason": "a test", "ttl_seconds": 3600}
    (await service.put(f"{MERCHANTS}/edited/config", {"spec": spec, "break_glass": glass})).ok()


async def test_explain_names_the_failing_link_and_drift_what_differs(
    operator: Operator, tenant: Tenant, merchants_service: MerchantsService, tmp_path: Path
) -> None:
    person = Person(tenant, tmp_path, "reader", READ)
    await stage(tenant, merchants_service)
    for name, (link, reason, message, way_out) in STANDING_STILL.items():
        told = await explained(person, name, link, reason)
        assert message in told["message"], told
        assert way_out in told["wayOut"], told
        assert told["nextTry"], told
        shown = (await person("explain", name, status=1)).out
        assert f"✗ {link}" in shown, shown
        assert told["wayOut"] in shown, shown
    glass = await explained(person, "edited", *STANDING_STILL["edited"][:2])
    assert glass["nextRetryTime"].startswith("20")
    assert glass["drift"] == ["displayName"]
    well = await person.asks("explain", "first")
    assert {link["state"] for link in well["links"]} == {"done"}
    assert (await person.asks("explain", "connector/bank"))["ready"]
    await person("explain", "nobody", status=4)
    drift = await person.asks("drift", status=1)
    found = {one["name"]: (one["drifted"], one["fields"]) for one in drift["data"] if one["drifted"] == "True"}
    assert found == {"edited": ("True", ["displayName"]), "restored": ("True", ["displayName"])}
    assert drift["checked"] == 10
    shown = (await person("drift", status=1)).out
    assert "displayName" in shown
    assert "BreakGlass" in shown


async def test_explain_while_replicas_or_merchants_are_away(
    tenant: Tenant, merchants_service: MerchantsService, replicas: Any, tmp_path: Path
) -> None:
    person = Person(tenant, tmp_path, "reader", READ)
    async with holding_proxy(int(merchants_service.url.rpartition(":")[2])) as proxy:
        with running_operator(tenant, f"http://127.0.0.1:{proxy.port}", tmp_path) as operator:
            await operator.ready()
            replicas.held.add(("notifications", "n-1"))
            tenant.apply(connector(), merchant_config())
            told = await explained(person, "acme", "propagated", "ReplicaBehind")
            assert "notifications/n-1" in told["message"]
            replicas.held.clear()
            await tenant.until("acme", "Ready=True")
            proxy.go_down()
            tenant.apply(merchant_config(displayName="Another"))
            told = await explained(person, "acme", "accepted", "MerchantsUnreachable")
            assert "by itself" in told["nextTry"]
            assert "merchants" in told["wayOut"]


@pytest.mark.timeout(180)
async def test_a_finalizer_whose_operator_is_gone_is_explained_and_released(
    tenant: Tenant, merchants_service: MerchantsService, replicas: Any, tmp_path: Path
) -> None:
    person = Person(tenant, tmp_path, "releaser", [*READ, *RELEASE])
    tenant.apply(connector(), merchant_config(deletionPolicy="Disable"))
    with running_operator(tenant, merchants_service.url, tmp_path):
        await tenant.until("acme", "Ready=True")
        refused = await person("release", "acme", "--yes", status=4)
        assert "not under deletion" in refused.err
        tenant.kubectl("patch", "merchantconfig", "acme", "--type=json", "-p", OTHER_FINALIZER)
    tenant.kubectl("delete", "merchantconfig", "acme", "--wait=false")
    told = await explained(person, "acme", "let go", "OperatorSilent")
    assert "kubectl merchant release acme" in told["wayOut"]
    assert "--yes" in (await person("release", "acme", status=2)).err  # nobody is there to be asked
    reader = Person(tenant, tmp_path, "reader", READ)
    assert "forbidden" in (await reader("release", "acme", "--yes", status=4)).err
    assert "Released" not in tenant.events("acme")
    released = await person.asks("release", "acme", "--yes")
    assert released["heldBy"] == ["example.com/other"]
    left = tenant.get("acme")["metadata"]
    assert left["finalizers"] == ["example.com/other"]
    assert f":{tenant.namespace}:releaser" in left["annotations"]["florin.dev/released"]
    assert tenant.events("acme")[-1] == "Released"
    assert (await explained(person, "acme", "let go", "OtherFinalizers"))["message"].count("example.com/other")
    tenant.kubectl("patch", "merchantconfig", "acme", "--type=merge", "-p", '{"metadata":{"finalizers":null}}')
    assert (await merchants_service.get(f"{MERCHANTS}/acme"))["status"] == "active"
    with running_operator(tenant, merchants_service.url, tmp_path):  # the next sweep tells merchants

        async def disabled() -> bool:
            return bool((await merchants_service.get(f"{MERCHANTS}/acme"))["status"] == "disabled")

        await eventually(disabled)


OTHER_FINALIZER = '[{"op":"add","path":"/metadata/finalizers/-","value":"example.com/other"}]'


async def test_plan_tells_what_would_change_and_changes_nothing(
    tenant: Tenant, merchants_service: MerchantsService, replicas: Any, tmp_path: Path
) -> None:
    person = Person(tenant, tmp_path, "planner", planner_rules())
    with running_operator(tenant, merchants_service.url, tmp_path, **OUTSIDE) as operator:
        await operator.ready()
        refused = await person("plan", "-f", "-", stdin=[merchant_config()], status=4)
        assert "florin-plan" in refused.err  # no account names an operator yet
        publish(operator)
        tenant.apply(connector())
        await tenant.until("bank", "Ready=True", kind="connectors")
        first = await planned(person, merchant_config(), status=0)
        assert (first["new"], first["accepted"]) == (True, True)
        tenant.apply(merchant_config())
        before = await tenant.until("acme", "Ready=True")
        head = await head_of(merchants_service)
        changed = merchant_config(
            displayName="Another",
            connectors=[{"name": "main", "connectorRef": {"name": "new"}}],
        )
        alone = await planned(person, changed, status=1)
        assert alone["problems"] == [
            f"spec.connectors[0].connectorRef: there is no Connector 'new' in the namespace {tenant.namespace!r}."
        ]
        together = await person.asks("plan", "-f", "-", stdin=[connector("new"), changed])
        (plan,) = together["data"]
        assert {change["path"] for change in plan["planned"]["changes"]} == {
            "displayName",
            "connectors[name=main].connectorRef.name",
        }
        assert [(route["rule"], route["change"]) for route in plan["planned"]["routes"]] == [("all", "rerouted")]
        shown = (await person("plan", "-f", "-", stdin=[connector("new"), changed])).out
        assert '~ displayName: "A shop" → "Another"' in shown
        assert "~ all: 100% bank -> 100% new" in shown
        wrong = await planned(person, merchant_config(defaultCurrency="USD"), status=1)
        assert [violation["path"] for violation in wrong["planned"]["violations"]] == ["defaultCurrency"]
        moved = await planned(person, merchant_config(merchantId="other"), status=1)
        assert moved["problems"] == ["spec.merchantId: must not change; make another resource."]
        misspelt = await planned(person, merchant_config(dispalyName="x"), status=1)
        assert "spec.dispalyName" in misspelt["problems"][0]
        assert tenant.get("acme") == before
        assert await head_of(merchants_service) == head
        with pytest.raises(KubectlError):
            tenant.get("new", "connectors")


async def test_plan_goes_by_the_rights_of_who_asks(
    tenant: Tenant, merchants_service: MerchantsService, replicas: Any, tmp_path: Path
) -> None:
    reader = Person(tenant, tmp_path, "reader", READ)
    planner = Person(tenant, tmp_path, "planner", planner_rules())
    with running_operator(tenant, merchants_service.url, tmp_path, **OUTSIDE) as operator:
        await operator.ready()
        publish(operator)
        assert "forbidden" in (await reader("plan", "-f", "-", stdin=[merchant_config()], status=4)).err
        assert (
            "forbidden" in (await planner("plan", "-f", "-", "-n", "default", stdin=[merchant_config()], status=4)).err
        )
        tenant.apply(connector())
        await tenant.until("bank", "Ready=True", kind="connectors")
        # Another namespace's merchant: that it has an owner is told, nothing of what it holds, even to who adopts.
        spec = merchant_config()["spec"] | {"displayName": "Not yours"}
        owner = {"uid": "u1", "generation": 1, "resource": "default/elsewhere/acme"}
        (await merchants_service.put(f"{MERCHANTS}/acme/config", {"spec": spec, "owner": owner})).ok()
        plan = await planned(planner, merchant_config(), status=1)
        assert plan["planned"]["conflict"]["code"] == "owned_by_other"
        adopting = await planned(planner, merchant_config(adopt="yes"), status=1)
        for seen in (plan, adopting):
            assert (seen["planned"]["changes"], seen["planned"]["routes"]) == ([], [])
        # A token for another audience, or none, is refused by the operator itself.
        path = f"/api/v1/namespaces/{tenant.namespace}/services/florin-operator:http/proxy/plan"
        for token in ("", "x", tenant.kubectl("create", "token", "florin-plan").strip()):
            request = {"token": token, "namespace": tenant.namespace, "name": "acme", "spec": merchant_config()["spec"]}
            with pytest.raises(KubectlError, match=r"not good for a plan|needs a token"):
                await asyncio.to_thread(post, tenant, path, request)
        audience = "--audience=florin-operator"
        blind = tenant.kubectl("create", "token", "planner", audience).strip()
        with pytest.raises(KubectlError, match="may not read MerchantConfigs"):
            await asyncio.to_thread(post, tenant, path, request | {"token": blind})
        other = tenant.kubectl("create", "token", "reader", audience).strip()
        request = {"token": other, "namespace": "default", "name": "acme", "spec": merchant_config()["spec"]}
        with pytest.raises(KubectlError, match="does not serve the namespace"):
            await asyncio.to_thread(post, tenant, path, request)


async def test_a_plan_s_name_leads_to_no_other_namespace(
    tenant: Tenant, merchants_service: MerchantsService, replicas: Any, tmp_path: Path
) -> None:
    """The operator itself may read there; who asks may not."""
    other = Tenant(tenant.api_server, f"{tenant.namespace}-other")
    tenant.api_server.apply(*role("both", other.namespace, NAMESPACE_RULES, ACCOUNT, tenant.namespace))
    served = {"FLORIN_NAMESPACES": f"{tenant.namespace},{other.namespace}"}
    with running_operator(tenant, merchants_service.url, tmp_path, **OUTSIDE, **served) as operator:
        await operator.ready()
        publish(operator)
        other.apply(connector(), merchant_config())
        await other.until("acme", "Ready=True")
        path = f"/api/v1/namespaces/{tenant.namespace}/services/florin-operator:http/proxy/plan"
        token = tenant.kubectl("create", "token", "florin-plan", "--audience=florin-operator").strip()
        request = {"token": token, "namespace": tenant.namespace, "spec": merchant_config()["spec"]}
        with pytest.raises(KubectlError, match="name must be a name of Kubernetes"):
            await asyncio.to_thread(
                post, tenant, path, request | {"name": f"../../{other.namespace}/merchantconfigs/acme"}
            )


def post(tenant: Tenant, path: str, request: Any) -> str:
    return tenant.kubectl("create", "--raw", path, "-f", "-", stdin=json.dumps(request))


async def planned(person: Person, manifest: dict[str, Any], *, status: int) -> Any:
    answer = await person.asks("plan", "-f", "-", stdin=[manifest], status=status)
    (plan,) = answer["data"]
    return plan


async def head_of(service: MerchantsService) -> Any:
    return (await service.get("/internal/v1/feed?after=0&limit=1"))["head"]
