"""The guides for developers, followed to the letter in a copy of the repository: edits, new files, commands."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from devtools.checks.files import copy_files
from devtools.generated import GENERATORS

ROOT = Path(__file__).parents[3]
_STEP = re.compile(
    r"(?:[Nn]ew, `(?P<new>[\w/.]+)`:\n\n)?```(?P<language>diff|python|bash|sql)\n(?P<text>.*?)^```", re.M | re.S
)
_SOURCES = ("libs", "services", "operator")
# Of the generators those of the services, in their order; the charts' have to do with no guide, and build helm.
_GENERATORS = [
    f"{sys.executable} -m {module}"
    for module in GENERATORS
    if module in ("tests.support.schemas", "devtools.reference", "florin.service.write_reference")
]
# What `./dev` does, with the environment that the tests have already.
_COMMANDS = f"""
set -eu
dev() {{
    case "$1" in
        test) shift; {sys.executable} -m pytest -q -p no:cacheprovider "$@" ;;
        generate) {"; ".join(_GENERATORS)} ;;
        lint) {sys.executable} -m ruff check -q libs services; {sys.executable} -m ruff format --check -q services ;;
        *) echo "no test knows ./dev $1"; exit 1 ;;
    esac
}}
"""


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The repository as it is, for a test to change."""
    copy_files(tmp_path)
    # A clone, as people have: a guide may look at what it changed.
    run(["git", "init", "--quiet"], tmp_path)
    run(["git", "add", "--all"], tmp_path)
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
            (copy / _numbered(step["new"], copy)).write_text(step["text"])


def _numbered(name: str, copy: Path) -> str:
    """With the next number of its folder, where a guide leaves that to the reader."""
    return name.replace("NNNN", f"{len(list((copy / name).parent.iterdir())) + 1:04}")


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


@pytest.mark.timeout(400)
def test_a_table(copy: Path) -> None:
    follow("change-a-table", copy)
    schema, page = (copy / "services/payments/schema.sql", copy / "docs/reference/tables.md")
    assert "card_last4" in schema.read_text()
    assert "card_last4" in page.read_text(), "it is drawn from the schema, which has to be written first"
