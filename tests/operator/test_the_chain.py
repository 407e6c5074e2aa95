"""From `kubectl apply` to Ready, and what changes on the way."""

import base64
import json
from typing import Any

from tests.support.merchant_operator import Operator, Tenant, connector, merchant_config
from tests.support.merchants import MerchantsService
from tests.support.platform import eventually

from florin.contracts.api_keys import hash_of

WHSEC = "whsec_" + base64.b64encode(bytes(range(32))).decode()


async def test_a_resource_becomes_ready_with_secrets_and_keys(
    operator: Operator, tenant: Tenant, merchants_service: MerchantsService
) -> None:
    tenant.secret("bank-credentials", {"terminal_key": "k", "callback_secret": "c"})
    tenant.secret("signing", {"anything": WHSEC})
    hook = {"name": "shop", "url": "https://shop.example/hook", "signingSecretRef": {"name": "signing"}}
    tenant.apply(connector(secret="bank-credentials"), merchant_config(apiKeySecretName="acme-keys", webhooks=[hook]))
    ready = await tenant.until("acme", "Ready=True", "Synced=True", "Propagated=True", "Drifted=False")
    stored = (await merchants_service.get("/admin/v1/merchants/acme/config")).ok()
    assert ready["status"]["configVersion"] == stored["config_version"]
    assert ready["status"]["specHash"] == stored["spec_hash"]
    assert stored["owner"] == {
        "uid": ready["metadata"]["uid"],
        "generation": 1,
        "resource": tenant.owner("acme"),
    }
    lease = (await merchants_service.get("/internal/v1/secrets/merchant:acme/signing")).ok()
    assert lease["current"]["value"] == WHSEC
    lease = (await merchants_service.get("/internal/v1/secrets/connector:bank/bank-credentials")).ok()
    assert json.loads(lease["current"]["value"]) == {"terminal_key": "k", "callback_secret": "c"}
    await check_keys(tenant, merchants_service)
    assert "finalizers" not in ready["metadata"]
    assert tenant.events("acme")[-1] == "Ready"
    keys = [base64.b64decode(key).decode() for key in tenant.get("acme-keys", "secrets")["data"].values()]
    seen = tenant.kubectl("get", "mc,conn,events", "-o", "json", "--show-managed-fields")
    for secret in (WHSEC, "terminal_key", *keys):
        for told in (seen, operator.log.read_text(), operator.traces.read_text(), operator.metrics()):
            assert secret not in told


async def check_keys(tenant: Tenant, merchants_service: MerchantsService) -> None:
    data = tenant.get("acme-keys", "secrets")["data"]
    for entry, livemode in (("test-key", False), ("live-key", True)):
        key = base64.b64decode(data[entry]).decode()
        answer = await merchants_service.post("/internal/v1/keys/lookup", {"hash": hash_of(key)})
        states = [change["state"] for change in answer["data"] if change["kind"] == "api_key"]
        assert [(state["merchant_id"], state["livemode"]) for state in states] == [("acme", livemode)]


async def test_a_change_is_applied_and_told(
    operator: Operator, tenant: Tenant, merchants_service: MerchantsService
) -> None:
    tenant.apply(connector(), merchant_config())
    first = await tenant.until("acme", "Ready=True")
    tenant.apply(merchant_config(displayName="Another name"))
    second = await tenant.until("acme", "Ready=True", "Synced=True")
    assert second["metadata"]["generation"] == 2
    assert second["status"]["configVersion"] > first["status"]["configVersion"]
    stored = (await merchants_service.get("/admin/v1/merchants/acme")).ok()
    assert stored["display_name"] == "Another name"


async def test_credentials_are_rotated_without_a_new_generation(
    operator: Operator, tenant: Tenant, merchants_service: MerchantsService
) -> None:
    tenant.secret("bank-credentials", {"terminal_key": "old"})
    tenant.apply(connector(secret="bank-credentials"))
    before = await tenant.until("bank", "Ready=True", kind="connectors")
    tenant.secret("bank-credentials", {"terminal_key": "new"})

    async def rotated() -> bool:
        lease = await merchants_service.get("/internal/v1/secrets/connector:bank/bank-credentials")
        return bool(json.loads(lease["current"]["value"]) == {"terminal_key": "new"})

    await eventually(rotated)
    after = tenant.get("bank", "connectors")
    assert after["metadata"]["generation"] == before["metadata"]["generation"] == 1

    async def told() -> bool:
        return bool(tenant.get("bank", "connectors")["status"]["secrets"] != before["status"]["secrets"])

    await eventually(told)


async def test_a_merchant_s_secrets_are_rotated_and_lost_keys_made_anew(
    operator: Operator, tenant: Tenant, merchants_service: MerchantsService
) -> None:
    hook = {"name": "shop", "url": "https://shop.example/hook", "signingSecretRef": {"name": "signing"}}
    tenant.secret("signing", {"value": WHSEC})
    tenant.apply(connector(), merchant_config(webhooks=[hook], apiKeySecretName="acme-keys"))
    await tenant.until("acme", "Ready=True")
    first = tenant.get("acme-keys", "secrets")["data"]
    other = WHSEC.replace("AAEC", "AQEC")
    tenant.secret("signing", {"value": other})
    tenant.kubectl("delete", "secret", "acme-keys")

    async def rotated() -> bool:
        lease = await merchants_service.get("/internal/v1/secrets/merchant:acme/signing")
        return bool(lease["current"]["value"] == other and WHSEC in [old["value"] for old in lease["previous"]])

    await eventually(rotated)

    async def made_anew() -> bool:
        return len((await merchants_service.get("/admin/v1/merchants/acme/keys"))["data"]) == 4

    await eventually(made_anew)
    await check_keys(tenant, merchants_service)
    assert tenant.get("acme-keys", "secrets")["data"] != first
    assert (await tenant.until("acme", "Ready=True"))["metadata"]["generation"] == 1


async def test_drift_is_repaired_told_and_only_reported_where_that_is_wanted(
    operator: Operator, tenant: Tenant, merchants_service: MerchantsService
) -> None:
    tenant.apply(connector(), merchant_config())
    await tenant.until("acme", "Ready=True")
    path = "/admin/v1/merchants/acme/config"
    spec = (await merchants_service.get(path))["spec"] | {"displayName": "By hand"}
    glass = {"reason": "a test", "ttl_seconds": 3600}
    (await merchants_service.put(path, {"spec": spec, "break_glass": glass})).ok()
    held = await tenant.until("acme", "Drifted=True:BreakGlass", "Synced=False:BreakGlass", "Ready=False:BreakGlass")
    assert held["status"]["drift"] == ["displayName"]
    assert held["status"]["nextRetryTime"].startswith("20")
    async with merchants_service.db.connection() as conn:
        await conn.execute("UPDATE merchants SET break_glass_until=UTC_TIMESTAMP(6) - INTERVAL 1 SECOND")
    back = await tenant.until("acme", "Ready=True", "Drifted=False")
    assert "nextRetryTime" not in back["status"]
    assert back["status"].get("drift", []) == []
    assert (await merchants_service.get(path))["spec"]["displayName"] == "A shop"
    assert {"BreakGlass", "DriftFound", "DriftRepaired"} <= set(tenant.events("acme"))
    # Report: nothing is written, whatever the resource says.
    tenant.apply(merchant_config(displayName="Reported", reconcilePolicy="Report"))
    told = await tenant.until("acme", "Drifted=True:ReportOnly", "Ready=False:ReportOnly", "Stalled=False")
    assert set(told["status"]["drift"]) == {"displayName", "reconcilePolicy"}
    assert (await merchants_service.get(path))["spec"]["displayName"] == "A shop"
    tenant.apply(merchant_config(displayName="Paused", reconcilePolicy="Paused"))
    await tenant.until("acme", "Ready=Unknown:Paused", "Synced=Unknown:Paused")
    tenant.apply(merchant_config(displayName="Enforced"))
    await tenant.until("acme", "Ready=True")
    assert (await merchants_service.get(path))["spec"]["displayName"] == "Enforced"


async def test_what_it_refers_to_may_come_later(
    operator: Operator, tenant: Tenant, merchants_service: MerchantsService
) -> None:
    hook = {"name": "shop", "url": "https://shop.example/hook", "signingSecretRef": {"name": "signing"}}
    tenant.apply(merchant_config(webhooks=[hook]))
    missing = await tenant.until(
        "acme",
        "Accepted=False:ConnectorMissing",
        "Ready=False:ConnectorMissing",
        "Reconciling=True",  # kstatus must not take it for a failure: the rest may be on its way
        "Stalled=False",
    )
    said = {item["type"]: item["message"] for item in missing["status"]["conditions"]}
    assert "spec.connectors[0].connectorRef: there is no Connector 'bank'" in said["Ready"]
    assert "spec.webhooks[0].signingSecretRef: there is no Secret 'signing'" in said["Ready"]
    tenant.apply(connector())
    await tenant.until("acme", "Ready=False:SecretMissing")
    assert (await merchants_service.get("/admin/v1/merchants/acme")).status == 404
    tenant.secret("signing", {"value": "not a secret that signs"})
    await tenant.until("acme", "Ready=False:SecretInvalid")
    tenant.secret("signing", {"value": WHSEC})
    await tenant.until("acme", "Ready=True", "Stalled=False")


async def test_a_replica_that_does_not_acknowledge_is_named(operator: Operator, tenant: Tenant, replicas: Any) -> None:
    replicas.held.add(("payments", "p-1"))
    tenant.apply(connector(), merchant_config())
    await tenant.until("acme", "Synced=True", "Propagated=False:Propagating", "Ready=False:Propagating")
    behind = await tenant.until("acme", "Propagated=False:ReplicaBehind", "Reconciling=True")
    said = next(item for item in behind["status"]["conditions"] if item["type"] == "Propagated")
    assert "payments/p-1" in said["message"]
    assert "notifications" not in said["message"]
    replicas.held.clear()
    await tenant.until("acme", "Propagated=True", "Ready=True")
