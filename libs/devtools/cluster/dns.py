"""CoreDNS, as objects of the API: names of Services for pods. Names outside of the cluster are unknown at once."""

from typing import Any

from devtools.cluster.place import DNS_ADDRESS

NAMESPACE = "kube-system"
_PORT = 1053
"""Not 53: it runs as nobody."""
_LABELS = {"k8s-app": "kube-dns"}
# Blocks of their own: within one, CoreDNS would ask the template before it asks Kubernetes.
_COREFILE = f"""\
cluster.local:{_PORT} in-addr.arpa:{_PORT} {{
    errors
    ready :8181
    kubernetes cluster.local in-addr.arpa {{
        pods insecure
        ttl 5
    }}
}}
.:{_PORT} {{
    template ANY ANY {{
        rcode NXDOMAIN
    }}
}}
"""


def dns_objects(image: str) -> list[dict[str, Any]]:
    """Everything of it."""
    named = {"name": "coredns", "namespace": NAMESPACE, "labels": _LABELS}
    rules = [
        {"apiGroups": [""], "resources": ["endpoints", "services", "pods", "namespaces"], "verbs": ["list", "watch"]},
        {"apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"], "verbs": ["list", "watch"]},
    ]
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "system:coredns"}
    account = {"kind": "ServiceAccount", "name": "coredns", "namespace": NAMESPACE}
    return [
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": named},
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": named, "data": {"Corefile": _COREFILE}},
        {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "ClusterRole",
            "metadata": {"name": "system:coredns"},
            "rules": rules,
        },
        {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "ClusterRoleBinding",
            "metadata": {"name": "system:coredns"},
            "roleRef": role,
            "subjects": [account],
        },
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": named,
            "spec": {
                "selector": {"matchLabels": _LABELS},
                "template": {
                    # CoreDNS reads its file at start; another file is another pod.
                    "metadata": {"labels": _LABELS, "annotations": {"florin.dev/corefile": _COREFILE}},
                    "spec": _pod(image),
                },
            },
        },
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": "kube-dns", "namespace": NAMESPACE, "labels": _LABELS},
            "spec": {
                "clusterIP": DNS_ADDRESS,
                "selector": _LABELS,
                "ports": [
                    {"name": "dns", "protocol": "UDP", "port": 53, "targetPort": _PORT},
                    {"name": "dns-tcp", "protocol": "TCP", "port": 53, "targetPort": _PORT},
                ],
            },
        },
    ]


def _pod(image: str) -> dict[str, Any]:
    container = {
        "name": "coredns",
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "args": ["-conf", "/etc/coredns/Corefile"],
        "resources": {"requests": {"cpu": "20m", "memory": "30Mi"}, "limits": {"memory": "170Mi"}},
        "volumeMounts": [{"name": "config", "mountPath": "/etc/coredns", "readOnly": True}],
        "readinessProbe": {"httpGet": {"path": "/ready", "port": 8181}, "periodSeconds": 1},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": True,
            "runAsNonRoot": True,
            "runAsUser": 65534,
        },
    }
    return {
        "serviceAccountName": "coredns",
        "priorityClassName": "system-cluster-critical",
        "dnsPolicy": "Default",
        "containers": [container],
        "volumes": [{"name": "config", "configMap": {"name": "coredns"}}],
    }
