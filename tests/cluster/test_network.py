"""Pods find each other: by name, through a Service, from one namespace to another, and themselves."""

from typing import Any

import pytest
from tests.support.cluster import Cluster

REDIS_IMAGE = "redis:7"
"""Where it can be pulled."""


def _pod(name: str, cluster: Cluster, command: list[str]) -> dict[str, Any]:
    container = {
        "name": "it",
        "image": cluster.images.get("redis", REDIS_IMAGE),
        "command": command,
        "resources": {"requests": {"cpu": "20m", "memory": "16Mi"}},
    }
    spec = {"containers": [container], "terminationGracePeriodSeconds": 0}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": {"app": name}}, "spec": spec}


@pytest.fixture
def server(cluster: Cluster, namespace: str) -> str:
    """The name of a Service with a server behind it."""
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "store"},
        "spec": {"selector": {"app": "store"}, "ports": [{"port": 1234, "targetPort": 6379}]},
    }
    listen = ["redis-server", "--bind", "0.0.0.0", "--protected-mode", "no", "--save", "", "--dir", "/tmp"]
    for made in (service, _pod("store", cluster, listen), _pod("caller", cluster, ["sleep", "infinity"])):
        cluster.apply({**made, "metadata": {**made["metadata"], "namespace": namespace}})
    cluster.kubectl("wait", "--for=condition=Ready", "pod", "--all", "-n", namespace, "--timeout=120s")
    return "store"


def _asked(cluster: Cluster, namespace: str, pod: str, command: str) -> str:
    """What the server tells a pod, once the Service is known everywhere: that takes a moment after its pod is ready."""
    patiently = f"until timeout 2 redis-cli -p 1234 {command}; do sleep 0.2; done"
    return cluster.kubectl("exec", pod, "-n", namespace, "--", "timeout", "30", "sh", "-c", patiently).strip()


@pytest.mark.parametrize("name", ["store", "store.{namespace}", "store.{namespace}.svc.cluster.local"])
def test_a_service_is_found_by_name(cluster: Cluster, namespace: str, server: str, name: str) -> None:
    assert _asked(cluster, namespace, "caller", f"-h {name.format(namespace=namespace)} ping") == "PONG"


def test_a_pod_reaches_itself_through_its_service(cluster: Cluster, namespace: str, server: str) -> None:
    name = f"{server}.{namespace}"  # the short one is its own hostname
    assert _asked(cluster, namespace, "store", f"-h {name} ping") == "PONG"


def test_a_call_arrives_from_the_address_of_its_pod(cluster: Cluster, namespace: str, server: str) -> None:
    told = _asked(cluster, namespace, "caller", f"-h {server} client info")
    address = cluster.get("pod", "caller", "-n", namespace)["status"]["podIP"]
    assert f"addr={address}:" in told


def test_a_name_outside_is_unknown_at_once(cluster: Cluster, namespace: str, server: str) -> None:
    if "internet" not in cluster.limits:
        pytest.skip("this cluster resolves names outside of it")
    call = cluster.try_kubectl("exec", "caller", "-n", namespace, "--", "getent", "hosts", "florin.invalid")
    assert "exit code 2" in call.stderr


def test_no_pod_reaches_a_server_outside(cluster: Cluster, namespace: str, server: str) -> None:
    if "internet" not in cluster.limits:
        pytest.skip("this cluster reaches the internet")
    # An address for documentation: whether anything is there does not matter, it is refused before.
    call = cluster.try_kubectl("exec", "caller", "-n", namespace, "--", "redis-cli", "-h", "198.51.100.7", "ping")
    assert "unreachable" in call.stderr.lower() or "no route" in call.stderr.lower()
