"""The resources of one shop, as its platform engineer would write them."""

from typing import Any

from tests.cluster.release.installation import RELEASE, SIMULATOR

API_KEY_SECRET = "shop-key"
SIGNING_SECRET = "shop-webhooks"
MERCHANT = "shop"


def connector() -> dict[str, Any]:
    return {
        "apiVersion": "florin.dev/v1alpha1",
        "kind": "Connector",
        "metadata": {"name": "simulator"},
        "spec": {
            "adapter": "simulator",
            "baseUrl": SIMULATOR,
            "secretRef": {"name": f"{RELEASE}-simulator-credentials"},
            "timeouts": {"connectSeconds": 2, "totalSeconds": 5},
        },
    }


def merchant_config(**spec: Any) -> dict[str, Any]:
    return {
        "apiVersion": "florin.dev/v1alpha1",
        "kind": "MerchantConfig",
        "metadata": {"name": "shop"},
        "spec": {
            "merchantId": MERCHANT,
            "displayName": "A shop",
            "currencies": ["EUR"],
            "defaultCurrency": "EUR",
            "deletionPolicy": "Disable",
            "connectors": [{"name": "main", "connectorRef": {"name": "simulator"}}],
            "routing": [{"name": "all", "targets": [{"connector": "main", "weight": 100}]}],
            "webhooks": [
                {
                    "name": "receiver",
                    "url": f"{SIMULATOR}/receiver/{MERCHANT}",
                    "events": ["*"],
                    "signingSecretRef": {"name": SIGNING_SECRET},
                }
            ],
            "apiKeySecretName": API_KEY_SECRET,
            **spec,
        },
    }


def signing_secret(value: str) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": SIGNING_SECRET},
        "stringData": {"value": value},
    }
