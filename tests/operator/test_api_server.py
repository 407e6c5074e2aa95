"""The API server that tests of the operator run against is a real one."""

import secrets
from collections.abc import Iterator
from typing import Any

import pytest
from tests.support.kubernetes import ApiServer, KubectlError

MAP = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "colours"}, "data": {"sky": "blue"}}
DEFINITION: dict[str, Any] = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "lamps.test.florin.dev"},
    "spec": {
        "group": "test.florin.dev",
        "scope": "Namespaced",
        "names": {"plural": "lamps", "singular": "lamp", "kind": "Lamp"},
        "versions": [
            {
                "name": "v1",
                "served": True,
                "storage": True,
                "schema": {
                    "openAPIV3Schema": {
                        "type": "object",
                        "properties": {
                            "spec": {
                                "type": "object",
                                "properties": {"watts": {"type": "integer"}},
                                "x-kubernetes-validations": [
                                    {"rule": "self.watts < 100", "message": "a lamp draws less than 100 W"}
                                ],
                            }
                        },
                    }
                },
            }
        ],
    },
}


@pytest.fixture
def namespace(api_server: ApiServer) -> Iterator[str]:
    name = f"lights-{secrets.token_hex(4)}"
    api_server.kubectl("create", "namespace", name)
    yield name
    api_server.kubectl("delete", "namespace", name, "--wait=false")


def test_objects_are_kept_over_a_restart(api_server: ApiServer, namespace: str) -> None:
    api_server.apply({**MAP, "metadata": {"name": "colours", "namespace": namespace}})
    api_server.stop_api_server()
    with pytest.raises(KubectlError, match="refused"):
        api_server.get("configmap", "colours", "-n", namespace)
    api_server.start_api_server()
    assert api_server.get("configmap", "colours", "-n", namespace)["data"] == {"sky": "blue"}


def test_rules_of_a_definition_are_enforced(api_server: ApiServer, namespace: str) -> None:
    api_server.apply(DEFINITION)
    api_server.kubectl("wait", "--for=condition=Established", "crd/lamps.test.florin.dev", "--timeout=30s")
    lamp = {"apiVersion": "test.florin.dev/v1", "kind": "Lamp", "metadata": {"name": "desk", "namespace": namespace}}
    with pytest.raises(KubectlError, match="a lamp draws less than 100 W"):
        api_server.apply({**lamp, "spec": {"watts": 500}})
    api_server.apply({**lamp, "spec": {"watts": 5}})


def test_an_account_may_do_what_it_was_given_and_is_on_record(api_server: ApiServer, namespace: str) -> None:
    api_server.kubectl("create", "serviceaccount", "reader", "-n", namespace)
    api_server.kubectl("create", "role", "read", "--verb=get", "--resource=configmaps", "-n", namespace)
    account = f"--serviceaccount={namespace}:reader"
    api_server.kubectl("create", "rolebinding", "read", "--role=read", account, "-n", namespace)
    api_server.apply({**MAP, "metadata": {"name": "colours", "namespace": namespace}})
    as_reader = f"--kubeconfig={api_server.kubeconfig_of(namespace, 'reader')}"
    api_server.kubectl("get", "configmap", "colours", "-n", namespace, as_reader)
    refused = api_server.try_kubectl("delete", "configmap", "colours", "-n", namespace, as_reader)
    assert "forbidden" in refused.stderr
    asked = api_server.requests(f"system:serviceaccount:{namespace}:reader")
    assert [(entry["verb"], entry["responseStatus"]["code"]) for entry in asked if "objectRef" in entry] == [
        ("get", 200),
        ("delete", 403),
    ]
