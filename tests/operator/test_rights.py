"""The operator's account may do what it must, and nothing else: asked of the API server itself, as the account."""

import json
from typing import Any

import kopf
import pytest
from tests.support.merchant_operator import ACCOUNT, Tenant, connector, role

from merchant_operator.kubernetes import ApiError, Kubernetes, Login
from merchant_operator.names import CONNECTOR, GROUP
from merchant_operator.rbac import NAMESPACE_RULES
from merchant_operator.resources import Key

MUST = [
    *[(GROUP, kind, "", verb) for kind in ("merchantconfigs", "connectors") for verb in ("get", "list", "watch")],
    (GROUP, "merchantconfigs", "", "patch"),
    (GROUP, "merchantconfigs", "status", "patch"),
    (GROUP, "connectors", "status", "patch"),
    ("", "secrets", "", "get"),
    ("", "secrets", "", "create"),
    ("", "events", "", "create"),
    ("", "namespaces", "", "get"),  # by name, this one
]
VERBS = ("get", "list", "watch", "create", "update", "patch", "delete", "deletecollection")
THINGS = [
    (GROUP, "merchantconfigs", ""),
    (GROUP, "merchantconfigs", "status"),
    (GROUP, "merchantconfigs", "finalizers"),
    (GROUP, "connectors", ""),
    (GROUP, "connectors", "status"),
    ("", "secrets", ""),
    ("", "events", ""),
    ("", "configmaps", ""),
    ("", "pods", ""),
    ("", "pods", "exec"),
    ("", "services", ""),
    ("", "serviceaccounts", "token"),
    ("apps", "deployments", ""),
    ("rbac.authorization.k8s.io", "roles", ""),
    ("rbac.authorization.k8s.io", "rolebindings", ""),
    ("coordination.k8s.io", "leases", ""),
    ("kopf.dev", "kopfpeerings", ""),
    ("", "namespaces", ""),
]
CLUSTER_MUST = [
    ("authentication.k8s.io", "tokenreviews", "", "create"),
    ("authorization.k8s.io", "subjectaccessreviews", "", "create"),
]
CLUSTER_THINGS = [
    ("", "namespaces", ""),
    ("", "nodes", ""),
    ("", "secrets", ""),
    (GROUP, "merchantconfigs", ""),
    ("apiextensions.k8s.io", "customresourcedefinitions", ""),
    ("rbac.authorization.k8s.io", "clusterroles", ""),
    ("authentication.k8s.io", "tokenreviews", ""),
    ("authorization.k8s.io", "subjectaccessreviews", ""),
]


def allowed(tenant: Tenant, namespace: str, things: list[tuple[str, str, str]]) -> set[tuple[str, str, str, str]]:
    """What of these the account may do."""
    asked = [(*thing, verb) for thing in things for verb in VERBS]
    reviews: list[dict[str, Any]] = [
        {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "spec": {
                "resourceAttributes": {
                    "group": group,
                    "resource": resource,
                    "subresource": subresource,
                    "verb": verb,
                    "namespace": namespace,
                }
            },
        }
        for group, resource, subresource, verb in asked
    ]
    listed = json.dumps({"apiVersion": "v1", "kind": "List", "items": reviews})
    kubeconfig = tenant.api_server.kubeconfig_of(tenant.namespace, ACCOUNT)
    options = ("--validate=false", "-f", "-", "-o", "jsonpath={.status.allowed} ", f"--kubeconfig={kubeconfig}")
    answers = tenant.api_server.kubectl("create", *options, stdin=listed).split()
    return {one for one, answer in zip(asked, answers, strict=True) if answer == "true"}


def test_in_its_namespace(tenant: Tenant) -> None:
    assert allowed(tenant, tenant.namespace, THINGS) == set(MUST)


def test_in_other_namespaces_and_in_the_cluster(tenant: Tenant) -> None:
    assert allowed(tenant, "default", THINGS[:7]) == set()
    assert allowed(tenant, "", CLUSTER_THINGS) == set(CLUSTER_MUST)


async def test_a_name_leads_out_of_no_namespace(tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    """Names come from resources and from people; the account may read in both namespaces."""
    other = Tenant(tenant.api_server, f"{tenant.namespace}-other")
    tenant.api_server.apply(*role("both", other.namespace, NAMESPACE_RULES, ACCOUNT, tenant.namespace))
    other.apply(connector())
    other.secret("theirs", {"value": "x"})
    monkeypatch.setenv("KUBECONFIG", str(tenant.api_server.kubeconfig_of(tenant.namespace, ACCOUNT)))
    async with Kubernetes(Login(kopf.OperatorSettings()), timeout_s=10) as kubernetes:
        assert await kubernetes.read(Key(CONNECTOR, other.namespace, "bank")) is not None
        with pytest.raises(ApiError):
            await kubernetes.read_secret(tenant.namespace, f"../../{other.namespace}/secrets/theirs")
        with pytest.raises(ApiError):
            await kubernetes.read(Key(CONNECTOR, tenant.namespace, f"../../{other.namespace}/connectors/bank"))
