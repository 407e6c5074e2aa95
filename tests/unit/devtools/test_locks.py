"""Locks name versions and hashes, no addresses, and tell how they were made."""

import json
import re
from pathlib import Path

import pytest

from devtools.commands.lock import LOCKS
from devtools.places import CHECKOUT

EVERY_LOCK = sorted((CHECKOUT / "3rdparty").rglob("*.lock.txt"))


@pytest.mark.parametrize("lock", EVERY_LOCK, ids=lambda path: path.name)
def test_a_lock_has_hashes_and_no_addresses(lock: Path) -> None:
    text = lock.read_text()
    assert "://" not in text
    assert "--index" not in text.replace("--no-emit-index-url", "")
    packages = re.findall(r"^[\w.\[\],-]+==\S+(?: ; [^\\\n]+)? \\\n    --hash=sha256:[0-9a-f]{64}", text, re.M)
    assert len(packages) == len(re.findall(r"^[\w.\[\],-]+==", text, re.M)) > 0


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_the_bot_finds_and_can_read_every_lock_of_ours(lock: Path) -> None:
    bot = json.loads((CHECKOUT / ".github/renovate.json").read_text())
    (pattern,) = bot["pip-compile"]["managerFilePatterns"]
    assert re.search(pattern.strip("/"), str(lock.relative_to(CHECKOUT)))
    command = lock.read_text().splitlines()[1]
    assert command.startswith("#    uv pip compile --generate-hashes --no-emit-index-url ")
    assert command.endswith(f"--output-file={lock.name} {LOCKS[lock].name}")
