"""Fixtures for tests on a whole cluster. Each test keeps to a namespace of its own."""

import secrets
from collections.abc import Iterator

import pytest
from tests.support.cluster import Cluster, open_cluster


@pytest.fixture(scope="session")
def cluster() -> Cluster:
    """The cluster of KUBECONFIG."""
    return open_cluster()


@pytest.fixture
def namespace(cluster: Cluster) -> Iterator[str]:
    """An empty namespace, deleted with all that is in it."""
    name = f"test-{secrets.token_hex(4)}"
    cluster.kubectl("create", "namespace", name)
    yield name
    cluster.kubectl("delete", "namespace", name, "--wait=false")
