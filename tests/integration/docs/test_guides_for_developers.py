"""The guides for developers, followed to the letter in a copy of the repository: edits, new files, commands."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from devtools.checks.files import copy_files

ROOT = Path(__file__).parents[3]
_STEP = re.compile(
    r"(?:[Nn]ew, `(?P<new>[\w/.]+)`:\n\n)?```(?P<language>diff|python|bash)\n(?P<text>.*?)^```", re.M | re.S
)
_SOURCES = ("libs", "services", "operator")
# What `./dev` does, with the environment that the tests have already. Of the generators those that need no server.
_COMMANDS = f"""
set -eu
dev() {{
    case "$1" in
        test) shift; {sys.executable} -m pytest -q -p no:cacheprovider "$@" ;;
        generate) {sys.executable} -m devtools.reference; {sys.executable} -m florin.service.write_reference ;;
        lint) {sys.executable} -m ruff check -q libs services; {sys.executable} -m ruff format --check -q services ;;
        *) echo "no test knows ./dev $1"; exit 1 ;;
    esac
}}
"""


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The repository as it is, for a test to change."""
    copy_files(tmp_path)
    return tmp_path


def follow(name: str, copy: Path) -> None:
    """Do what a guide says, step by step."""
    steps = list(_STEP.finditer((ROOT / f"docs/guides/{name}.md").read_text()))
    assert any(step["language"] == "diff" for step in steps)
    for step in steps:
        if step["language"] == "diff":
            run(["git", "apply", "--recount", "--unidiff-zero", "-"], copy, step["text"])
        elif step["language"] == "bash":
            run(["bash", "-c", _COMMANDS + step["text"].replace("./dev ", "dev ")], copy)
        elif step["new"]:
            (copy / step["new"]).write_text(step["text"])


def run(command: list[str], copy: Path, given: str = "") -> None:
    path = os.pathsep.join(str(copy / folder) for folder in _SOURCES)
    environment = {
        **os.environ,
        "PYTHONPATH": path,
        "GIT_CEILING_DIRECTORIES": str(copy),
    }
    done = subprocess.run(command, cwd=copy, env=environment, input=given, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{given or command[-1]}\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}"


@pytest.mark.timeout(400)
def test_an_endpoint_then_its_event(copy: Path) -> None:
    follow("add-an-endpoint", copy)
    follow("add-an-event", copy)


@pytest.mark.timeout(400)
def test_an_acquirer(copy: Path) -> None:
    follow("add-an-acquirer", copy)
