"""The page of libraries names what is required, in the release that is locked."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[3]
_NAMED = re.compile(r"\b([a-z][a-z0-9-]*) (\d+\.\d+)\b")


def required() -> list[str]:
    lines = (ROOT / "3rdparty/python/requirements.in").read_text().lower().splitlines()
    return [re.split(r"[\[<>=!~; ]", line)[0] for line in lines if line.strip() and not line.startswith(("#", "-"))]


def test_every_required_library_is_named_in_its_locked_release() -> None:
    lock = (ROOT / "3rdparty/python/default.lock.txt").read_text().lower()
    locked = dict(re.findall(r"^([a-z0-9._-]+)(?:\[[^\]]*\])?==(\d+\.\d+)", lock, re.M))
    named = dict(_NAMED.findall((ROOT / "docs/adr/0006-libraries.md").read_text().lower()))
    assert {name: named.get(name) for name in required()} == {name: locked[name] for name in required()}
