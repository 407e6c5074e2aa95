"""Images have one shape and one list: what compose.yaml, BUILD files and ./dev images build is the same."""

import ast
from typing import Any

import msgspec
import pytest
import yaml

from devtools.demo.settings import DemoSettings
from devtools.images import PROGRAMS
from devtools.places import CHECKOUT
from florin.settings import load
from merchants.settings import MerchantsSettings
from notifications.settings import NotificationsSettings
from payments.settings import PaymentsSettings
from simulator.settings import SimulatorSettings

SETTINGS: dict[str, type[msgspec.Struct]] = {
    "payments": PaymentsSettings,
    "merchants": MerchantsSettings,
    "notifications": NotificationsSettings,
    "simulator": SimulatorSettings,
    "first-payment": DemoSettings,
}


@pytest.fixture(scope="module")
def composed() -> dict[str, Any]:
    services: dict[str, Any] = yaml.safe_load((CHECKOUT / "compose.yaml").read_text())["services"]
    return services


def test_compose_builds_programs_from_the_one_dockerfile(composed: dict[str, Any]) -> None:
    builds = {name: service["build"] for name, service in composed.items() if "build" in service}
    assert builds.keys() == SETTINGS.keys()
    for build in builds.values():
        assert (CHECKOUT / build["context"] / build["dockerfile"]).resolve() == CHECKOUT / "Dockerfile"
        assert build["context"] == "dist"
        assert build["args"]["PROGRAM"] in PROGRAMS


@pytest.mark.parametrize("name", SETTINGS)
def test_compose_gives_each_program_settings_that_it_takes(name: str, composed: dict[str, Any]) -> None:
    load(SETTINGS[name], {variable: str(value) for variable, value in composed[name]["environment"].items()})


def test_pants_builds_the_same_images() -> None:
    targets = ast.parse((CHECKOUT / "BUILD").read_text())
    (images,) = [node.value for node in targets.body if isinstance(node, ast.Assign)]
    assert ast.literal_eval(images) == {program: f"{folder}:pex" for program, folder in PROGRAMS.items()}
