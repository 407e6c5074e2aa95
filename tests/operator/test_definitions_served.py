"""The definitions as an API server serves them: what kubectl shows of them, defaults, the status apart."""

import asyncio
import json
from typing import Any

import msgspec
import pytest
from tests.support.kubernetes import ApiServer, KubectlError
from tests.support.merchant_operator import Operator, Tenant, connector, merchant_config
from tests.support.platform import eventually

from florin.contracts.connector import ConnectorSpec
from florin.contracts.merchant_config import MerchantConfig
from merchant_operator.names import GROUP


async def test_get_tells_merchant_mode_ready_synced_drift(operator: Operator, tenant: Tenant) -> None:
    tenant.apply(connector(), merchant_config())
    ready = await tenant.until("acme", "Ready=True")
    titles, row = (line.split() for line in tenant.kubectl("get", "mc").splitlines())
    assert titles == ["NAME", "MERCHANT", "MODE", "READY", "SYNCED", "DRIFT", "AGE"]
    assert row[:6] == ["acme", "acme", "Enforce", "True", "True", "False"]
    titles, row = (line.split(maxsplit=10) for line in tenant.kubectl("get", "mc", "-o", "wide").splitlines())
    assert titles[7:] == ["GENERATION", "VERSION", "REASON", "MESSAGE"]
    assert row[7:] == ["1", str(ready["status"]["configVersion"]), "Ready", "All is well."]
    both = set(tenant.kubectl("get", "florin", "-o", "name").split())
    assert both == {f"merchantconfig.{GROUP}/acme", f"connector.{GROUP}/bank"}
    titles, row = (line.split() for line in tenant.kubectl("get", "conn").splitlines())
    assert (
        dict(zip(titles, row, strict=True)).items()
        >= {"ADAPTER": "simulator", "LIVE": "false", "READY": "True"}.items()
    )


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("mc", "The configuration of one merchant of Florin."),
        ("mc.spec.limits.dailyMinor", "in minor units"),
        ("mc.spec.webhooks.timeoutSeconds", "in seconds"),
        ("mc.status.conditions", "What holds, each with its reason."),
        ("conn.spec.timeouts.totalSeconds", "in seconds"),
    ],
)
def test_explain_reads_well(kubernetes: ApiServer, path: str, sentence: str) -> None:
    told = " ".join(kubernetes.kubectl("explain", path).split())
    assert sentence in told
    assert "<no description>" not in told


def test_the_api_server_s_defaults_are_the_contracts(kubernetes: ApiServer, tenant: Tenant) -> None:
    tenant.apply(connector(), merchant_config())
    stored = tenant.get("acme")["spec"]
    assert {"reconcilePolicy", "deletionPolicy", "paymentMethods", "retryPolicy"} <= stored.keys()
    assert msgspec.convert(stored, MerchantConfig) == msgspec.convert(merchant_config()["spec"], MerchantConfig)
    stored = tenant.get("bank", "connectors")["spec"] | {"name": "bank"}
    assert msgspec.convert(stored, ConnectorSpec) == msgspec.convert(
        connector()["spec"] | {"name": "bank"}, ConnectorSpec
    )


def test_status_and_spec_are_written_apart(tenant: Tenant) -> None:
    tenant.apply(connector(), merchant_config())
    before = tenant.get("acme")
    assert {item["type"]: item["status"] for item in before["status"]["conditions"]}["Ready"] == "Unknown"
    patch: dict[str, Any] = {"spec": {"displayName": "By the status"}, "status": {"configVersion": 7}}
    tenant.kubectl("patch", "mc", "acme", "--subresource=status", "--type=merge", "-p", json.dumps(patch))
    after = tenant.get("acme")
    assert (after["spec"], after["metadata"]["generation"]) == (before["spec"], 1)
    assert after["status"]["configVersion"] == 7
    patch["status"]["configVersion"] = 8
    tenant.kubectl("patch", "mc", "acme", "--type=merge", "-p", json.dumps(patch))
    after = tenant.get("acme")
    assert (after["spec"]["displayName"], after["metadata"]["generation"]) == ("By the status", 2)
    assert after["status"]["configVersion"] == 7
    twice = json.dumps({"status": {"conditions": [before["status"]["conditions"][0]] * 2}})
    with pytest.raises(KubectlError, match="conditions"):
        tenant.kubectl("patch", "mc", "acme", "--subresource=status", "--type=merge", "-p", twice)


async def test_a_policy_that_only_another_release_knows_is_told_and_touches_nothing(
    operator: Operator, kubernetes: ApiServer, tenant: Tenant
) -> None:
    tenant.apply(connector(), merchant_config(deletionPolicy="Disable"))
    await tenant.until("acme", "Ready=True")
    policies = {
        "reconcilePolicy": ["Enforce", "Report", "Paused"],
        "deletionPolicy": ["Retain", "Disable"],
    }
    define(kubernetes, {field: [*known, "Archive"] for field, known in policies.items()})
    try:
        await eventually(lambda: asyncio.to_thread(takes, tenant, merchant_config(deletionPolicy="Archive")))
        said = await tenant.until("acme", "Ready=False:SchemaChanged", "Stalled=True")
        ready = next(item for item in said["status"]["conditions"] if item["type"] == "Ready")
        assert "deletionPolicy" in ready["message"]
        tenant.apply(merchant_config("other", reconcilePolicy="Archive"))
        await tenant.until("other", "Ready=False:SchemaChanged")
        tenant.kubectl("delete", "merchantconfig", "acme", "--wait=false")

        def waits() -> bool:
            conditions = tenant.get("acme")["status"]["conditions"]
            return any(item["reason"] == "Deleting" for item in conditions)

        await eventually(lambda: asyncio.to_thread(waits))
        assert tenant.get("acme")["metadata"]["finalizers"] == ["florin.dev/disable-merchant"]
    finally:
        tenant.kubectl("patch", "mc", "acme", "--type=merge", "-p", '{"metadata":{"finalizers":null}}')
        tenant.kubectl("delete", "mc", "--all")
        define(kubernetes, policies)


def define(kubernetes: ApiServer, policies: dict[str, list[str]]) -> None:
    """Change what values the fields may have."""
    path = "/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties"
    patch = [{"op": "replace", "path": f"{path}/{field}/enum", "value": values} for field, values in policies.items()]
    kubernetes.kubectl("patch", "crd", "merchantconfigs.florin.dev", "--type=json", "-p", json.dumps(patch))


def takes(tenant: Tenant, manifest: dict[str, Any]) -> bool:
    """Whether the API server has heard of a changed definition."""
    try:
        tenant.apply(manifest)
    except KubectlError:
        return False
    return True
