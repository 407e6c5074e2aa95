"""What a cluster of ours says of itself, as ConfigMaps in it: so tests can be given any KUBECONFIG."""

from collections.abc import Mapping
from typing import Any

NAMESPACE = "kube-public"
LIMITS = "florin-limits"
"""What it does not enforce or provide, and why (`devtools.cluster.limits`)."""
IMAGES = "florin-images"
"""The images that were loaded: ``{program or server: name}``."""


def kept_object(name: str, data: Mapping[str, str]) -> dict[str, Any]:
    """One of them."""
    metadata = {"name": name, "namespace": NAMESPACE}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": dict(data)}
