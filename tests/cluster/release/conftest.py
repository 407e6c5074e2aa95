"""One release of Florin for the tests beside this, installed from the charts of this checkout."""

import base64
import secrets
from collections.abc import Iterator
from ipaddress import ip_network
from typing import Any

import pytest
from tests.cluster.release.installation import BUYER, SERVICES, Installation, buyer, small
from tests.cluster.release.shop import API_KEY_SECRET, MERCHANT, connector, merchant_config, signing_secret
from tests.support.cluster import Cluster


@pytest.fixture(scope="session")
def installation(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """Florin for trying out; gone at the end, whatever happened."""
    installation = Installation(cluster, for_trying_out(cluster), tmp_path_factory.mktemp("installation"))
    try:
        installation.install_definitions()
        installation.install()
        installation.apply(*buyer(cluster.images["payments"]))
        installation.kubectl("wait", "--for=condition=Ready", f"pod/{BUYER}", "--timeout=120s")
        yield installation
    finally:
        installation.end()


def for_trying_out(cluster: Cluster) -> dict[str, Any]:
    """With the buyer let in, and an operator that looks often."""
    values = small(cluster, *SERVICES, "simulator", "operator")
    let_in = {"from": [{"podSelector": {"matchLabels": {"app": BUYER}}}]}
    for name in ("payments", "merchants", "simulator"):
        values[name]["networkPolicy"] = let_in
    values["operator"]["env"] = {"FLORIN_SWEEP_INTERVAL_S": "5"}
    values["operator"]["networkPolicy"] = {"apiServerFrom": api_server_peers(cluster)}
    servers = small(cluster, *({"mariadb", "redis"} & cluster.images.keys()))
    return {"global": {"florin": {"tryOut": True}}, "tryOut": servers, **values}


def api_server_peers(cluster: Cluster) -> list[dict[str, Any]]:
    """Where requests of an API server on a node come from: the node's address, or its end of the pods' network."""
    peers = []
    for node in cluster.get("nodes")["items"]:
        addresses = [each["address"] for each in node["status"]["addresses"] if each["type"] == "InternalIP"]
        gateways = [str(next(ip_network(cidr).hosts())) for cidr in node["spec"].get("podCIDRs", [])]
        peers += [{"ipBlock": {"cidr": str(ip_network(address))}} for address in (*addresses, *gateways)]
    return peers


@pytest.fixture(scope="session")
def api_key(installation: Installation) -> str:
    """Of a shop that was made by kubectl alone, with a receiver in the simulator's pod."""
    signing = "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
    installation.apply(signing_secret(signing), connector(), merchant_config())
    installation.receive_webhooks(MERCHANT, signing)
    installation.kubectl("wait", "--for=condition=Ready", "merchantconfig/shop", "--timeout=120s")
    return installation.secret(API_KEY_SECRET, "test-key")
