"""The command's face: help, unknown names, sentences instead of tracebacks."""

import importlib

import pytest

from devtools import main
from devtools.commands import reset
from devtools.failure import Failure


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main([]) == 0
    text = capsys.readouterr().out
    for names in main.GROUPS.values():
        for name in names:
            assert f"  {name} " in text


@pytest.mark.parametrize("name", [name for names in main.GROUPS.values() for name in names])
def test_each_command_explains_itself(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    module = importlib.import_module(f"devtools.commands.{name.replace('-', '_')}")
    assert main.main(["help", name]) == 0
    assert module.__doc__.strip().splitlines()[0] in capsys.readouterr().out


def test_an_unknown_command_is_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main(["dwon"]) == 2
    assert "down" in capsys.readouterr().err


def test_a_failure_is_a_sentence(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def fail(options: object) -> int:
        raise Failure("Port 8080 is in use.")

    monkeypatch.setattr(reset, "run", fail)
    assert main.main(["reset"]) == 1
    assert capsys.readouterr().err == "\nPort 8080 is in use.\n"
