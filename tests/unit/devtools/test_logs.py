"""The ends of the logs."""

from pathlib import Path

import pytest

from devtools import main, places


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("FLORIN_HOME", str(tmp_path))
    logs = places.data_folder() / "logs"
    logs.mkdir(parents=True)
    (logs / "payments.log").write_text("".join(f"payment {number}\n" for number in range(30)))
    (logs / "merchants.log").write_text("a merchant\n")
    return logs


@pytest.mark.usefixtures("folder")
def test_the_end_of_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main(["logs", "payments", "-n", "2"]) == 0
    assert capsys.readouterr().out == "payment 28\npayment 29\n"


@pytest.mark.usefixtures("folder")
def test_all_are_told_apart(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main(["logs", "-n", "1"]) == 0
    assert {tuple(line.split(maxsplit=1)) for line in capsys.readouterr().out.splitlines()} == {
        ("payments", "payment 29"),
        ("merchants", "a merchant"),
    }


def test_before_the_first_start(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FLORIN_HOME", str(tmp_path))
    assert main.main(["logs"]) == 1
    assert "./dev up" in capsys.readouterr().err
