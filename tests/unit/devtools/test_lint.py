"""`./dev lint`: goes on after a failure, and passes nothing that it could not look at."""

from argparse import Namespace

import pytest

from devtools.checks import python
from devtools.checks.check import Check, Paths
from devtools.commands import lint
from devtools.failure import Failure


def _no_network(paths: Paths) -> str:
    raise Failure("actionlint could not be built")


@pytest.mark.parametrize(
    ("problems", "status", "said"),
    [
        (_no_network, 1, "could not be checked: actionlint could not be built"),
        (lambda paths: f"{paths[0]}: is wrong", 1, "dev: is wrong"),
        (lambda paths: "", 0, "All is well."),
    ],
)
def test_a_check_passes_only_when_it_was_content(
    problems: lint.Check,
    status: int,
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    looked: list[Paths] = []
    checks = (Check("first", ("dev",), problems), Check("second", ("*.py",), lambda paths: looked.append(paths) or ""))
    monkeypatch.setattr(lint, "CHECKS", checks)
    monkeypatch.setattr(lint.debian, "install_missing", lambda **_: None)
    assert lint.run(Namespace(fix=False, staged=False)) == status
    assert said in capsys.readouterr().out
    assert len(looked) == 1, "every check runs, also after one has failed"


def test_what_tests_share_is_typed_as_what_ships(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(python, "said_by_python", lambda *arguments: asked.extend(arguments) or "")
    python.TYPES.problems([])
    assert {"--strict", "libs", "services", "tests/support", "tests/benchmarks"} <= {*asked}
