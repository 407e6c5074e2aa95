"""Resources for tests of the operator's rules, which need no API server."""

from typing import Any

from merchant_operator.merchants_api import MerchantRow, Owner
from merchant_operator.names import ADOPT
from merchant_operator.resources import Resource, read_resource

UID = "5d1c7f5e"
SPEC: dict[str, Any] = {
    "merchantId": "acme",
    "displayName": "Acme",
    "currencies": ["EUR"],
    "defaultCurrency": "EUR",
    "connectors": [{"name": "main", "connectorRef": {"name": "bank"}}],
}
SYNCED = {"observedGeneration": 3, "appliedGeneration": 3, "specHash": "h", "configVersion": 7}


def resource(
    *, spec: Any = None, status: Any = None, adopt: str | None = None, generation: int = 3, **metadata: Any
) -> Resource:
    """A MerchantConfig; with ``status=SYNCED`` one that merchants holds."""
    annotations = {"annotations": {ADOPT: adopt}} if adopt is not None else {}
    named = {"name": "acme", "namespace": "shops", "uid": UID, "generation": generation, "resourceVersion": "5"}
    return read_resource(
        {
            "kind": "MerchantConfig",
            "metadata": named | annotations | metadata,
            "spec": SPEC | (spec or {}),
            "status": status or {},
        }
    )


def row(*, uid: str = UID, generation: int = 3, spec_hash: str = "h", status: str = "active") -> MerchantRow:
    """What merchants holds of it."""
    return MerchantRow("acme", status, 7, spec_hash, Owner(uid, generation))
