"""A whole cluster for tests: the one of KUBECONFIG, which `./dev test cluster` sets."""

import os
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.support.kubernetes import KubectlError, Kubernetes

from devtools.cluster.kept import IMAGES, LIMITS, NAMESPACE


@dataclass(frozen=True)
class Cluster(Kubernetes):
    """Any cluster that `./dev cluster load` or a person has loaded our images into."""

    images: dict[str, str]
    """``{program or server: name of its image}``; without mariadb and redis, where the public ones can be pulled."""
    limits: dict[str, str]
    """What it does not enforce or provide, with the reason. `devtools.cluster.limits` lists the names."""

    def require(self, name: str) -> None:
        """Skip this test, with the reason, where the cluster does not enforce or provide something."""
        if name in self.limits:
            pytest.skip(f"{name}: {self.limits[name]}")


def open_cluster() -> Cluster:
    """The cluster of KUBECONFIG."""
    named = os.environ.get("KUBECONFIG")
    if not named:
        pytest.fail("These tests want a cluster: ./dev test cluster starts one, or set KUBECONFIG.")
    kubernetes = Kubernetes(Path(named))
    return Cluster(kubernetes.kubeconfig, _kept(kubernetes, IMAGES), _kept(kubernetes, LIMITS))


def _kept(kubernetes: Kubernetes, name: str) -> dict[str, str]:
    try:
        kept: dict[str, str] = kubernetes.get("configmap", name, f"--namespace={NAMESPACE}").get("data", {})
    except KubectlError as missing:
        pytest.fail(f"This cluster does not say what it has ({missing}): make one with ./dev cluster up.")
    return kept
