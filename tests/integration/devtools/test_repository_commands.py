"""`./dev lint --staged`, `./dev hooks` and `./dev generate --check` in a clone with a commit of its own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from devtools.checks.files import copy_files


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """This checkout as it is now, as a repository of its own."""
    folder = tmp_path / "florin"
    copy_files(folder)
    for command in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "Begin"]):
        done = git(folder, *command)
        assert done.returncode == 0, done.stderr
    return folder


def git(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    who = ["-c", "user.name=nobody", "-c", "user.email=nobody@example.test"]
    return subprocess.run(["git", *who, *arguments], cwd=folder, env=own(), capture_output=True, text=True, check=False)


def dev(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "dev", *arguments]
    return subprocess.run(argv, cwd=folder, env=own(), capture_output=True, text=True, check=False)


def own() -> dict[str, str]:
    """The environment, without what a git that runs these tests in a hook would say of its own repository."""
    return {name: value for name, value in os.environ.items() if not name.startswith("GIT_") and name != "PYTHONPATH"}


def test_a_commit_is_held_back_by_the_hook_until_it_is_clean(clone: Path) -> None:
    assert "git runs ./dev lint" in dev(clone, "hooks").stdout
    broken = clone / "libs/florin/clock_utils.py"
    broken.write_text('"""Nothing."""\n\nx=1\n')
    git(clone, "add", "-A")
    refused = git(clone, "commit", "-m", "Add")
    assert refused.returncode != 0
    told = refused.stdout + refused.stderr
    assert "To mend: ruff format, rules of the house." in told
    assert "'clock_utils' says nothing" in told
    assert "mypy" not in told, "the hook before a commit is for what is quick"
    broken.rename(clone / "libs/florin/sundial.py")
    (clone / "libs/florin/sundial.py").write_text('"""Nothing."""\n\nx = 1\n')
    git(clone, "add", "-A")
    assert git(clone, "commit", "-m", "Add").returncode == 0
    assert dev(clone, "hooks", "--remove").returncode == 0
    assert git(clone, "config", "core.hooksPath").stdout == ""


def test_hooks_of_somebody_else_are_left_alone(clone: Path) -> None:
    git(clone, "config", "core.hooksPath", "/elsewhere")
    refused = dev(clone, "hooks")
    assert refused.returncode == 1
    assert "git config --unset core.hooksPath" in refused.stderr
    assert git(clone, "config", "core.hooksPath").stdout == "/elsewhere\n"


def test_what_differs_from_the_code_is_named_and_left_alone(clone: Path) -> None:
    page = clone / "docs/reference/test-cards.md"
    page.write_text(page.read_text().replace("Test cards", "Cards", 1))
    changed = page.read_text()
    checked = dev(clone, "generate", "--check")
    assert checked.returncode == 1, checked.stderr
    assert checked.stdout.splitlines()[-1] == "To write anew, with ./dev generate: docs/reference/test-cards.md."
    assert page.read_text() == changed
    # Each generator ran above; one of them is enough to see where it writes.
    listed = clone / "libs/devtools/generated.py"
    listed.write_text('GENERATORS = {"simulator.write_test_cards": "docs/reference/test-cards.md"}\n')
    assert dev(clone, "generate").returncode == 0
    assert git(clone, "status", "--porcelain").stdout == " M libs/devtools/generated.py\n"
