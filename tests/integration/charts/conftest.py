"""Releases as Helm renders them, looked at as data."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import yaml

from devtools.charts.rendering import CASES, render

Manifest = dict[str, Any]


class Release:
    """The manifests of one rendering."""

    def __init__(self, text: str) -> None:
        self.manifests: list[Manifest] = [document for document in yaml.safe_load_all(text) if document]

    def of_kind(self, kind: str) -> list[Manifest]:
        return [manifest for manifest in self.manifests if manifest["kind"] == kind]

    def named(self, kind: str, name: str) -> Manifest:
        (found,) = [manifest for manifest in self.of_kind(kind) if manifest["metadata"]["name"] == name]
        return found

    def pods(self) -> Iterator[tuple[str, Manifest]]:
        """Each pod's metadata and spec, whoever makes it, by its maker's name."""
        for manifest in self.manifests:
            name = f"{manifest['kind']}/{manifest['metadata']['name']}"
            if manifest["kind"] == "Pod":
                yield name, manifest
            elif "template" in manifest.get("spec", {}):
                yield name, manifest["spec"]["template"]


@pytest.fixture(scope="session", params=[case.stem for case in CASES])
def release(request: pytest.FixtureRequest) -> Release:
    """The umbrella in each of its cases."""
    return Release(render(values=[case for case in CASES if case.stem == request.param]))


@pytest.fixture(scope="session")
def long_named() -> Release:
    """For trying out, under the longest name that Helm takes, and with all that can be switched on."""
    switched_on = ["monitoring.alerts=true", "monitoring.dashboards=true", "notifications.keda.enabled=true"]
    return Release(render(settings=["global.florin.tryOut=true", *switched_on], release=f"long{'-x' * 24}y"))


@pytest.fixture
def try_out() -> Callable[..., Release]:
    """The umbrella for trying out, with settings: ``try_out("payments.replicas=1")``."""
    return lambda *settings: Release(render(settings=["global.florin.tryOut=true", *settings]))
