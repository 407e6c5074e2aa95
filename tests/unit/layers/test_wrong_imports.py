"""The layers by import-linter: as it is, all is well; each wrong import is refused, and told where it belongs."""

import subprocess
import sys
from pathlib import Path

import pytest
from tests.support.wrong_imports import ROOT, WRONG_IMPORTS, WrongImport, copy_tree, spoil, where_it_belongs


def lint_imports(root: Path) -> tuple[int, str]:
    program = "import sys; from importlinter.cli import lint_imports_command; sys.exit(lint_imports_command())"
    done = subprocess.run(
        [sys.executable, "-c", program, "--no-cache"],
        cwd=root,
        env={
            "PYTHONPATH": ":".join(str(root / part) for part in ("libs", "services", "operator")),
            "PATH": "/usr/bin:/bin",
        },
        capture_output=True,
        text=True,
        timeout=100,
    )
    return done.returncode, " ".join((done.stdout + done.stderr).split())


def test_imports_point_one_way() -> None:
    status, said = lint_imports(ROOT)
    assert status == 0, said


@pytest.mark.parametrize("wrong", WRONG_IMPORTS, ids=lambda wrong: f"{wrong.file}: {wrong.line}")
def test_a_wrong_import_is_refused_and_told_where_it_belongs(wrong: WrongImport, tmp_path: Path) -> None:
    spoil(copy_tree(tmp_path), wrong)
    status, said = lint_imports(tmp_path)
    assert status == 1
    assert f"{where_it_belongs(wrong.contract)} BROKEN" in said
