"""The page of libraries names what is required, in the release that is locked."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PYTHON = ROOT / "3rdparty" / "python"
_NAMED = re.compile(r"\b([a-z][a-z0-9-]*) (\d+\.\d+)\b")


def required(file: str) -> list[str]:
    lines = (PYTHON / file).read_text().lower().splitlines()
    return [re.split(r"[\[<>=!~; ]", line)[0] for line in lines if line.strip() and not line.startswith(("#", "-"))]


def locked(file: str) -> dict[str, str]:
    return dict(re.findall(r"^([a-z0-9._-]+)(?:\[[^\]]*\])?==(\d+\.\d+)", (PYTHON / file).read_text().lower(), re.M))


@pytest.mark.parametrize(
    ("requirements", "lock"), [("requirements.in", "default.lock.txt"), ("bench.in", "bench.lock.txt")]
)
def test_every_required_library_is_named_in_its_locked_release(requirements: str, lock: str) -> None:
    releases = locked(lock)
    named = dict(_NAMED.findall((ROOT / "docs/adr/0006-libraries.md").read_text().lower()))
    assert {name: named.get(name) for name in required(requirements)} == {
        name: releases[name] for name in required(requirements)
    }


def test_the_benchmark_compares_what_runs_on_the_same_releases() -> None:
    services, bench = locked("default.lock.txt"), locked("bench.lock.txt")
    both = services.keys() & bench.keys()
    assert {name: bench[name] for name in both} == {name: services[name] for name in both}
