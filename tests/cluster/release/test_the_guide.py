"""A release for money by the words of the guide: servers with TLS that are there, Secrets and accounts made by hand."""

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.cluster.release.guide import run, shown
from tests.cluster.release.installation import SERVICES, Installation, small
from tests.cluster.release.tls_servers import tls_server
from tests.support.certificates import Authority
from tests.support.cluster import Cluster

pytestmark = pytest.mark.timeout(900)
SERVERS = ("mariadb", "redis")


@pytest.fixture
def prepared(cluster: Cluster, tmp_path: Path) -> Iterator[Installation]:
    """A namespace with the servers, the accounts and the Secrets that the guide asks for."""
    prepared = Installation(cluster, small(cluster, *SERVICES, "operator"), tmp_path)
    try:
        password = secrets.token_hex(16)
        authority = Authority(tmp_path / "authority")
        for name in SERVERS:
            certificate = authority.issue(f"{name}.{prepared.namespace}.svc")
            prepared.apply(*tls_server(name, cluster.images, certificate, password))
        for name in ("database-ca", "redis-ca"):
            prepared.kubectl("create", "secret", "generic", name, f"--from-file=ca.crt={authority.file}")
        run(shown("sh", "create secret").replace("=...", f"={password}"), prepared, tmp_path)
        prepared.kubectl("wait", "--for=condition=Ready", "pod", "--all", "--timeout=120s")
        for service in SERVICES:
            _ask(prepared, shown("sql", "CREATE").replace("payments", service).replace("...", password))
        prepared.install_definitions()
        yield prepared
    finally:
        prepared.end()


def test_a_release_for_money_comes_up_with_what_the_guide_makes(
    prepared: Installation, namespace: str, tmp_path: Path
) -> None:
    guides = tmp_path / "guide.yaml"
    guides.write_text(shown("yaml", "global"))
    prepared.values |= {
        "global": {"florin": {"image": {"registry": ""}, "metrics": {"serviceMonitors": False}}},
        "monitoring": {"alerts": False},  # their definitions are not in a cluster by itself
    }
    prepared.values["operator"]["namespaces"] = [namespace]
    shared = prepared.values["global"]["florin"]
    for server, setting in zip(SERVERS, ("database", "redis"), strict=True):
        shared[setting] = {"host": f"{server}.{prepared.namespace}.svc"}
        peers = [{"podSelector": {"matchLabels": {"app": server}}}]
        shared.setdefault("networkPolicies", {})[f"{setting}To"] = peers
    prepared.install(first=[guides])
    assert prepared.helm("test", "florin", "--timeout=120s").count("Succeeded") == len(SERVICES) + 1
    assert not prepared.pods("mariadb")
    assert not prepared.pods("simulator")
    # MariaDB and Redis refuse who speaks no TLS; services may not change tables, and theirs is nobody else's.
    assert _users(prepared) == {f"florin_{service}" for service in SERVICES}
    granted = _ask(prepared, "SHOW GRANTS FOR florin_payments")
    assert "GRANT SELECT, INSERT, UPDATE, DELETE ON `florin_payments`" in granted
    assert "ALL PRIVILEGES" not in granted
    # The operator reads merchants' Secrets, and not Florin's own.
    may = ["auth", "can-i", "get", "secrets", f"--as=system:serviceaccount:{prepared.namespace}:florin-operator"]
    answers = [
        prepared.cluster.try_kubectl(*may, f"--namespace={where}").stdout.strip()
        for where in (namespace, prepared.namespace)
    ]
    assert answers == ["yes", "no"]


def _users(prepared: Installation) -> set[str]:
    told = _ask(prepared, "SELECT DISTINCT user FROM information_schema.processlist WHERE user LIKE 'florin%'")
    return {line.strip() for line in told.splitlines()}


def _ask(prepared: Installation, statements: str) -> str:
    client = ["mariadb", "--socket=/data/mariadb.sock", "--user=root", "--batch", "--skip-column-names"]
    return prepared.kubectl("exec", "mariadb", "--", *client, f"--execute={statements}")
