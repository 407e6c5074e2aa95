"""The layers by Pants: each wrong import is refused by its visibility rules, and `./dev layers` tells where it belongs.

One daemon of Pants reads the copy once and each change to it after that.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.wrong_imports import WRONG_IMPORTS, WrongImport, copy_tree, spoil, where_it_belongs

from devtools.failure import Failure
from devtools.pants.python39 import find_python39

_PARTS = ("3rdparty", "build_rules", "tests", "docs", "charts", "dev", "BUILD", "Dockerfile", "pants.toml")
_FILES = ("pants.offline.toml", "compose.yaml", "README.md", "CONTRIBUTING.md", "SECURITY.md")


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    try:
        find_python39()
    except Failure as failure:
        pytest.skip(str(failure))
    folder = copy_tree(tmp_path_factory.mktemp("tree"), *_PARTS, *_FILES)
    yield folder
    for pid in folder.glob(".pids/*/pantsd/pid"):
        os.kill(int(pid.read_text()), signal.SIGTERM)


def layers(tree: Path, path: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, str(tree / "dev"), "layers", path],
        env=os.environ | {"PANTS_PANTSD": "true"},
        capture_output=True,
        text=True,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.timeout(600)
def test_the_tree_as_it_is_is_allowed(tree: Path) -> None:
    status, said = layers(tree, "::")
    assert status == 0, said


@pytest.mark.timeout(300)
@pytest.mark.parametrize("wrong", WRONG_IMPORTS, ids=lambda wrong: f"{wrong.file}: {wrong.line}")
def test_a_wrong_import_is_refused_and_told_where_it_belongs(wrong: WrongImport, tree: Path) -> None:
    right = (tree / wrong.file).read_text()
    try:
        spoil(tree, wrong)
        status, said = layers(tree, wrong.file)
    finally:
        (tree / wrong.file).write_text(right)
    assert status == 1, said
    assert f"{wrong.file} may not import" in said
    assert where_it_belongs(wrong.contract) in said
