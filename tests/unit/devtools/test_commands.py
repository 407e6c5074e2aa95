"""The command's face: help, unknown names, sentences instead of tracebacks."""

import ast
import importlib
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from devtools import environment, main
from devtools.commands import reset
from devtools.failure import Failure
from devtools.places import CHECKOUT


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main([]) == 0
    text = capsys.readouterr().out
    for names in main.GROUPS.values():
        for name in names:
            assert f"  {name} " in text


COMMANDS = [name for names in main.GROUPS.values() for name in names]


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_explains_itself(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    module = importlib.import_module(f"devtools.commands.{name.replace('-', '_')}")
    assert main.main(["help", name]) == 0
    assert module.__doc__.strip().splitlines()[0] in capsys.readouterr().out


@pytest.mark.parametrize("question", ["--help", "-h"])
@pytest.mark.parametrize("name", COMMANDS)
def test_help_needs_nothing_and_makes_nothing(name: str, question: str, tmp_path: Path) -> None:
    # Without site-packages, as on a bare machine, and with no program to find.
    done = subprocess.run(
        [sys.executable, "-S", str(CHECKOUT / "dev"), name, question],
        env={"FLORIN_CACHE": f"{tmp_path}/cache", "FLORIN_HOME": f"{tmp_path}/home", "HOME": str(tmp_path), "PATH": ""},
        capture_output=True,
        text=True,
        timeout=20,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert f"usage: ./dev {name} " in done.stdout
    passes = hasattr(importlib.import_module(f"devtools.commands.{name.replace('-', '_')}"), "PASSES_ARGUMENTS")
    assert (f"./dev {name} --help --help" in done.stdout) is passes
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "needs_a_platform"),
    [
        (["keys", "--help"], False),
        (["-h", "-h"], False),
        (["--version"], False),
        (["status"], True),
        (["merchants", "config", "get", "shop", "--version", "1"], True),
    ],
)
def test_florin_answers_questions_about_itself_without_a_platform(
    arguments: list[str], needs_a_platform: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    ran: list[list[str]] = []

    def run_instead(command: list[str], settings: object, *, folder: Path) -> None:
        ran.append(command)
        raise Failure("It would be that program now.")

    monkeypatch.setenv("FLORIN_HOME", str(tmp_path))
    monkeypatch.setattr(environment, "run_instead", run_instead)
    assert main.main(["florin", *arguments]) == 1
    assert ran == ([] if needs_a_platform else [["-P", "-m", "florin_cli.main", *arguments]])


def test_every_page_asks_for_the_pythons_that_dev_takes() -> None:
    (said,) = re.findall(r"^OLDEST, NEWEST = (.+)$", (CHECKOUT / "dev").read_text(), re.M)
    (major, oldest), (_, newest) = ast.literal_eval(said)
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]
    assert project["requires-python"] == f">={major}.{oldest},<{major}.{newest + 1}"
    assert f"Python {major}.{oldest} to {major}.{newest}," in (CHECKOUT / "README.md").read_text()


def test_an_unknown_command_is_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main(["dwon"]) == 2
    assert "down" in capsys.readouterr().err


def test_a_failure_is_a_sentence(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def fail(options: object) -> int:
        raise Failure("Port 8080 is in use.")

    monkeypatch.setattr(reset, "run", fail)
    assert main.main(["reset"]) == 1
    assert capsys.readouterr().err == "\nPort 8080 is in use.\n"
