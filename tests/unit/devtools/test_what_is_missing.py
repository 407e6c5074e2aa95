"""What the machine lacks: nothing done where nothing is missing, a sentence where there are no rights."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from devtools import debian, environment
from devtools.failure import Failure


@pytest.fixture
def _without_servers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(debian, "find_mariadbd", lambda: None)
    monkeypatch.setattr(debian, "find_redis", lambda: None)


def _nothing_may_run(*_: object, **__: object) -> None:
    raise AssertionError("a program was started")


def test_nothing_is_elevated_when_nothing_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(debian, "missing_packages", lambda **_: [])
    monkeypatch.setattr(subprocess, "run", _nothing_may_run)
    monkeypatch.setattr(subprocess, "Popen", _nothing_may_run)
    debian.install_missing(servers=True)


@pytest.mark.usefixtures("_without_servers")
def test_servers_are_named_only_when_they_are_wanted() -> None:
    assert {"mariadb-server-core", "redis-tools"} <= set(debian.missing_packages(servers=True))
    assert "mariadb-server-core" not in debian.missing_packages(servers=False)


def test_programs_are_named_only_where_they_are_wanted_and_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name, path=None: None if name == "php" else f"/usr/bin/{name}")
    named = debian.missing_packages(servers=False, programs=("curl", "php"))
    assert ("php-cli" in named, "curl" in named) == (True, False)
    assert "php-cli" not in debian.missing_packages(servers=False)


@pytest.mark.usefixtures("_without_servers")
def test_without_rights_the_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(shutil, "which", lambda name, path=None: None if name == "sudo" else f"/usr/bin/{name}")
    with pytest.raises(Failure, match=r"no rights here.*\n.*\n.*apt-get install .*mariadb-server-core.* redis-tools"):
        debian.install_missing(servers=True)


@pytest.mark.usefixtures("_without_servers")
def test_without_apt_the_sentence_names_docker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name, path=None: None)
    with pytest.raises(Failure, match="docker compose up"):
        debian.install_missing(servers=True)


def test_another_lock_is_another_environment(tmp_path: Path) -> None:
    before = environment.environment_folder()
    other = tmp_path / "lock.txt"
    other.write_bytes(environment.LOCK_FILE.read_bytes() + b"one==1\n")
    assert environment.environment_folder(other) != before
    assert environment.environment_folder(other).parent == before.parent


def test_an_environment_without_its_mark_is_made_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("FLORIN_CACHE", str(tmp_path))
    made: list[Path] = []
    monkeypatch.setattr(environment, "_make", lambda folder, lock: made.append(folder))
    environment.environment_folder().mkdir()
    environment.environment_python()
    environment.environment_python()
    assert made == [environment.environment_folder()]
