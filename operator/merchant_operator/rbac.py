"""What the operator's account may do, and nothing else: the rules of its Roles. The charts are held equal to them."""

from merchant_operator.names import GROUP, PLAN_ACCOUNT

Rule = dict[str, list[str]]

NAMESPACE_RULES: list[Rule] = [
    {"apiGroups": [GROUP], "resources": ["merchantconfigs", "connectors"], "verbs": ["get", "list", "watch"]},
    # The finalizer; and the status, by its own subresource.
    {"apiGroups": [GROUP], "resources": ["merchantconfigs"], "verbs": ["patch"]},
    {"apiGroups": [GROUP], "resources": ["merchantconfigs/status", "connectors/status"], "verbs": ["patch"]},
    # Secrets are read by the name that a resource gives, never listed; the one with an API key is created.
    {"apiGroups": [""], "resources": ["secrets"], "verbs": ["get", "create"]},
    {"apiGroups": [""], "resources": ["events"], "verbs": ["create"]},
    # This namespace itself: its uid tells the cluster from others at merchants.
    {"apiGroups": [""], "resources": ["namespaces"], "verbs": ["get"]},
]
"""A Role in each watched namespace."""

CLUSTER_RULES: list[Rule] = [
    # Who asks for a plan, and whether they may read the resources of the namespace.
    {"apiGroups": ["authentication.k8s.io"], "resources": ["tokenreviews"], "verbs": ["create"]},
    {"apiGroups": ["authorization.k8s.io"], "resources": ["subjectaccessreviews"], "verbs": ["create"]},
]
"""A ClusterRole; only for `kubectl merchant plan`, which does not work without it."""

PLAN_ACCOUNT_RULES: list[Rule] = [{"apiGroups": [GROUP], "resources": ["merchantconfigs"], "verbs": ["get"]}]
"""A Role of the service account `florin-plan` in each watched namespace."""

PLAN_USER_RULES: list[Rule] = [
    {"apiGroups": [""], "resources": ["serviceaccounts"], "resourceNames": [PLAN_ACCOUNT], "verbs": ["get"]},
    {
        "apiGroups": [""],
        "resources": ["serviceaccounts/token"],
        "resourceNames": [PLAN_ACCOUNT],
        "verbs": ["create"],
    },
]
"""What people need in a namespace to plan there, beside reading its resources; bound by the cluster's administrator."""


def plan_proxy_rules(service: str) -> list[Rule]:
    """What people need in the operator's namespace to plan: to reach its Service through the API server."""
    name = f"{service}:http"
    return [{"apiGroups": [""], "resources": ["services/proxy"], "resourceNames": [name], "verbs": ["create"]}]
