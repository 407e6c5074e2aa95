"""What breaks around the operator: processes, networks, servers; and two operators where there should be one."""

import asyncio
import base64
import json
from pathlib import Path
from typing import Any

import pytest
from tests.support.holding_proxy import Hold, holding_proxy
from tests.support.kubernetes import ApiServer
from tests.support.merchant_operator import Operator, Tenant, connector, merchant_config, running_operator
from tests.support.merchants import MerchantsService
from tests.support.platform import eventually

from florin.contracts.api_keys import hash_of

PATH = "/admin/v1/merchants/acme/config"


def port_of(url: str) -> int:
    return int(url.rpartition(":")[2])


async def versions(service: MerchantsService, merchant: str = "acme") -> list[Any]:
    answer = await service.get(f"/admin/v1/merchants/{merchant}/config/versions")
    return [] if answer.status == 404 else list(answer["data"])


def through(tenant: Tenant, port: int) -> str:
    """A kubeconfig of the operator's account that leads through a proxy."""
    path = tenant.api_server.kubeconfig_of(tenant.namespace, "florin-operator")
    text = path.read_text().replace(tenant.api_server.url, f"https://127.0.0.1:{port}")
    other = path.with_name(f"{path.name}-{port}")
    other.write_text(text)
    return str(other)


@pytest.mark.parametrize("hold", Hold)
async def test_killed_in_the_middle_of_a_put(
    tenant: Tenant, merchants_service: MerchantsService, replicas: Any, tmp_path: Path, hold: Hold
) -> None:
    async with holding_proxy(port_of(merchants_service.url)) as proxy:
        proxy.hold_next(b"PUT /admin/v1/merchants/acme", hold)
        url = f"http://127.0.0.1:{proxy.port}"
        tenant.apply(connector(), merchant_config(apiKeySecretName="acme-keys"))
        with running_operator(tenant, url, tmp_path) as operator:
            await asyncio.wait_for(proxy.held.wait(), 60)
            operator.kill()
        # The Secret with the keys was written before merchants could hear of their hashes.
        data = tenant.get("acme-keys", "secrets")["data"]
        key = base64.b64decode(data["test-key"]).decode()
        if hold is Hold.REQUEST:
            assert not (await merchants_service.post("/internal/v1/keys/lookup", {"hash": hash_of(key)}))["found"]
        with running_operator(tenant, url, tmp_path) as operator:
            await tenant.until("acme", "Ready=True")
        assert (await merchants_service.post("/internal/v1/keys/lookup", {"hash": hash_of(key)}))["found"]
        assert tenant.get("acme-keys", "secrets")["data"] == data
        assert len(await versions(merchants_service)) == 1


async def test_two_operators_at_once(
    operator: Operator, tenant: Tenant, merchants_service: MerchantsService, tmp_path: Path
) -> None:
    with running_operator(tenant, merchants_service.url, tmp_path) as second:
        await second.ready()
        names = [f"shop{number}" for number in range(10)]
        tenant.apply(connector(), *[merchant_config(name, apiKeySecretName=f"{name}-keys") for name in names])
        for name in names:
            await tenant.until(name, "Ready=True")
        for round_ in range(3):
            tenant.apply(
                *[merchant_config(name, displayName=f"{round_}", apiKeySecretName=f"{name}-keys") for name in names]
            )
        for name in names:
            await tenant.until(name, "Ready=True")
        for name in names:
            stored = await versions(merchants_service, name)
            assert stored[0]["spec"]["displayName"] == "2"
            generations = [version["owner"]["generation"] for version in stored]
            assert generations == sorted(set(generations), reverse=True)  # each at most once, never an older one later
            assert len((await merchants_service.get(f"/admin/v1/merchants/{name}/keys"))["data"]) == 2


async def test_merchants_is_down_and_comes_back_slowly(
    tenant: Tenant, merchants_service: MerchantsService, replicas: Any, tmp_path: Path
) -> None:
    async with holding_proxy(port_of(merchants_service.url)) as proxy:
        with running_operator(tenant, f"http://127.0.0.1:{proxy.port}", tmp_path) as operator:
            await operator.ready()
            tenant.apply(connector(), merchant_config("leaving", deletionPolicy="Disable"))
            await tenant.until("leaving", "Ready=True")
            proxy.go_down()
            names = [f"shop{number}" for number in range(30)]
            tenant.apply(*[merchant_config(name) for name in names])
            for name in names:
                await tenant.until(name, "Synced=False:MerchantsUnreachable", "Reconciling=True", "Stalled=False")
            tenant.kubectl("delete", "merchantconfig", "leaving", "--wait=false")
            await eventually(lambda: asyncio.to_thread(waits, tenant))
            assert operator.probe("live") == 200  # merchants' health is no reason to start anew
            assert "florin_operator_breaker_open 1.0" in operator.metrics()
            before = patches(tenant)
            sweeps = sweeps_of(operator)
            await eventually(lambda: asyncio.to_thread(lambda: sweeps_of(operator) > sweeps + 2))
            assert patches(tenant) == before  # nothing new to say, nothing written
            proxy.delay_s = 0.3  # and when it is back it is slow
            proxy.come_back()
            await eventually(lambda: asyncio.to_thread(lambda: "leaving" not in left(tenant)))
            assert (await merchants_service.get("/admin/v1/merchants/leaving"))["status"] == "disabled"
            for name in names:
                await tenant.until(name, "Ready=True")


async def test_deletions_are_not_starved_by_requests_that_hang(
    tenant: Tenant, merchants_service: MerchantsService, replicas: Any, tmp_path: Path
) -> None:
    async with holding_proxy(port_of(merchants_service.url)) as proxy:
        # Longer than the test waits: no ordinary worker comes free, and no breaker frees them.
        extra = {"FLORIN_REQUEST_TIMEOUT_S": "300", "FLORIN_RECONCILE_WORKERS": "8"}
        with running_operator(tenant, f"http://127.0.0.1:{proxy.port}", tmp_path, **extra) as operator:
            await operator.ready()
            tenant.apply(connector(), merchant_config("leaving", deletionPolicy="Disable"))
            await tenant.until("leaving", "Ready=True")
            proxy.swallow(b"PUT /admin/v1/merchants/shop")
            tenant.apply(*[merchant_config(f"shop{number}") for number in range(30)])
            await eventually(lambda: asyncio.to_thread(lambda: proxy.hanging == 8))
            tenant.kubectl("delete", "merchantconfig", "leaving", "--wait=false")
            await eventually(lambda: asyncio.to_thread(lambda: "leaving" not in left(tenant)))
            assert proxy.hanging == 8
            assert (await merchants_service.get("/admin/v1/merchants/leaving"))["status"] == "disabled"


async def test_drift_is_not_denied_while_merchants_does_not_tell(
    tenant: Tenant, merchants_service: MerchantsService, replicas: Any, tmp_path: Path
) -> None:
    async with holding_proxy(port_of(merchants_service.url)) as proxy:
        extra = {"FLORIN_DRIFT_UNKNOWN_S": "4"}
        with running_operator(tenant, f"http://127.0.0.1:{proxy.port}", tmp_path, **extra):
            tenant.apply(connector(), merchant_config())
            await tenant.until("acme", "Ready=True", "Drifted=False")
            proxy.go_down()
            for name, kind in (("acme", "merchantconfigs"), ("bank", "connectors")):
                await tenant.until(name, "Drifted=Unknown:MerchantsUnreachable", "Ready=True", kind=kind)
            proxy.come_back()
            await tenant.until("acme", "Ready=True", "Drifted=False")


def waits(tenant: Tenant) -> bool:
    found = tenant.get("leaving")
    ready = next(item for item in found["status"]["conditions"] if item["type"] == "Ready")
    assert found["metadata"]["finalizers"] == ["florin.dev/disable-merchant"]
    return bool(ready["reason"] == "Deleting")


def left(tenant: Tenant) -> list[str]:
    return [item["metadata"]["name"] for item in tenant.api_server.get("-n", tenant.namespace, "mc")["items"]]


def sweeps_of(operator: Operator) -> float:
    lines = operator.metrics().splitlines()
    return sum(float(line.split()[-1]) for line in lines if line.startswith("florin_operator_sweeps_total"))


def patches(tenant: Tenant) -> int:
    return sum(entry["verb"] in ("patch", "create") for entry in tenant.api_server.requests(tenant.user))


async def test_a_watch_that_hangs_is_opened_anew(
    tenant: Tenant, merchants_service: MerchantsService, replicas: Any, tmp_path: Path
) -> None:
    async with holding_proxy(port_of(tenant.api_server.url)) as proxy:
        extra = {
            "KUBECONFIG": through(tenant, proxy.port),
            "FLORIN_WATCH_INACTIVITY_S": "3",
            "FLORIN_SWEEP_INTERVAL_S": "600",  # no help from there
        }
        with running_operator(tenant, merchants_service.url, tmp_path, **extra) as operator:
            await operator.ready()
            tenant.apply(connector(), merchant_config())
            await tenant.until("acme", "Ready=True")
            proxy.stall()
            tenant.apply(merchant_config(displayName="Told after the stall"))
            await tenant.until("acme", "Ready=True")
    stored = await versions(merchants_service)
    assert stored[0]["spec"]["displayName"] == "Told after the stall"


async def test_a_watch_that_tells_nothing_is_noticed_and_made_up_for(
    tenant: Tenant, merchants_service: MerchantsService, replicas: Any, tmp_path: Path
) -> None:
    async with holding_proxy(port_of(tenant.api_server.url)) as proxy:
        extra = {
            "KUBECONFIG": through(tenant, proxy.port),
            "FLORIN_WATCH_INACTIVITY_S": "600",  # as if kopf had not noticed
            "FLORIN_WATCH_STALE_S": "4",
        }
        with running_operator(tenant, merchants_service.url, tmp_path, **extra) as operator:
            await operator.ready()
            tenant.apply(connector(), merchant_config())
            await tenant.until("acme", "Ready=True")
            assert operator.probe("live") == 200
            proxy.stall()
            tenant.apply(merchant_config(displayName="Found by the sweep"))
            await tenant.until("acme", "Ready=True")
            await eventually(lambda: asyncio.to_thread(lambda: operator.probe("live") == 503))


async def test_a_silent_watch_owes_nothing_of_what_is_gone(
    tenant: Tenant, merchants_service: MerchantsService, replicas: Any, tmp_path: Path
) -> None:
    async with holding_proxy(port_of(tenant.api_server.url)) as proxy:
        extra = {"KUBECONFIG": through(tenant, proxy.port), "FLORIN_WATCH_INACTIVITY_S": "600"}
        with running_operator(tenant, merchants_service.url, tmp_path, **extra) as operator:
            await operator.ready()
            tenant.apply(connector())
            await tenant.until("bank", "Ready=True", kind="connectors")
            proxy.stall()
            tenant.apply(merchant_config())
            await tenant.until("acme", "Ready=True")
            assert "florin_operator_stale_watch_seconds 0.0" not in operator.metrics()
            tenant.kubectl("delete", "merchantconfig", "acme")
            await eventually(
                lambda: asyncio.to_thread(
                    lambda: "florin_operator_stale_watch_seconds 0.0" in operator.metrics(),
                )
            )


async def test_the_api_server_is_started_anew(
    operator: Operator, tenant: Tenant, merchants_service: MerchantsService
) -> None:
    tenant.apply(connector(), merchant_config())
    await tenant.until("acme", "Ready=True")
    tenant.api_server.stop_api_server()
    tenant.api_server.start_api_server()
    tenant.apply(merchant_config(displayName="After"))
    await tenant.until("acme", "Ready=True")
    assert operator.process is not None
    assert operator.process.poll() is None


async def test_another_release_finds_everything_as_it_was(
    tenant: Tenant, merchants_service: MerchantsService, replicas: Any, tmp_path: Path
) -> None:
    names = [f"shop{number}" for number in range(20)]
    tenant.secret("credentials", {"terminal_key": "k"})
    tenant.apply(connector(secret="credentials"))
    tenant.apply(*[merchant_config(name, apiKeySecretName=f"{name}-keys") for name in names])
    with running_operator(tenant, merchants_service.url, tmp_path) as first:
        for name in names:
            await tenant.until(name, "Ready=True")
        assert first.stop() == 0
    before = {name: tenant.get(name) for name in names}
    for resource in before.values():
        assert "annotations" not in resource["metadata"]  # nothing of the framework's that a release could lose
        assert "finalizers" not in resource["metadata"]
    written, head = patches(tenant), (await merchants_service.get("/internal/v1/feed?after=0&limit=1"))["head"]
    with running_operator(tenant, merchants_service.url, tmp_path) as second:
        await second.ready()
        await eventually(lambda: asyncio.to_thread(lambda: sweeps_of(second) > 2))
        assert {name: tenant.get(name) for name in names} == before
        assert patches(tenant) == written
        tenant.apply(merchant_config("shop0", displayName="Later", apiKeySecretName="shop0-keys"))
        await tenant.until("shop0", "Ready=True")
    assert (await merchants_service.get("/internal/v1/feed?after=0&limit=1"))["head"] > head


async def test_what_it_says_is_json_metrics_and_traces(
    operator: Operator, tenant: Tenant, kubernetes: ApiServer
) -> None:
    tenant.apply(connector(), merchant_config())
    await tenant.until("acme", "Ready=True")
    metrics = operator.metrics()
    for name in ("reconciles_total", "reconcile_duration_seconds_bucket", "api_requests_total", "resources"):
        assert f"florin_operator_{name}" in metrics
    assert operator.stop() == 0
    for line in operator.lines():
        assert {"time", "level", "service", "message"} <= set(line)
    spans = [json.loads(line) for line in operator.traces.read_text().splitlines()]
    assert {"reconcile", "sweep"} <= {span["name"] for span in spans}
