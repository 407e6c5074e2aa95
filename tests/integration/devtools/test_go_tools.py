"""Tools built with Go: kept, checked against their checksums, refused with a way out."""

import shutil
import subprocess
import threading
from pathlib import Path

import pytest

from devtools import golang
from devtools.checks.workflows import ACTIONLINT
from devtools.failure import Failure

HELLO = 'package main\n\nfunc main() { println("hello") }\n'


@pytest.fixture
def own_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A cache in which no tool is built yet; what Go downloads and compiles is still shared."""
    for name, value in golang.go_variables().items():
        if name in ("GOMODCACHE", "GOCACHE"):
            monkeypatch.setenv(name, value)
    monkeypatch.setenv("FLORIN_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def hello(folder: Path, source: str = HELLO) -> golang.GoTool:
    """A tool that needs nothing but Go."""
    folder.mkdir()
    (folder / "go.mod").write_text("module example.test/hello\n\ngo 1.21\n")
    (folder / "go.sum").touch()
    (folder / "main.go").write_text(source)
    return golang.GoTool("example.test/hello", folder)


def test_a_tool_is_built_once_by_two_at_a_time(
    own_cache: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    tool = hello(tmp_path / "hello")
    both = [threading.Thread(target=golang.installed, args=(tool,)) for _ in range(2)]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join()
    assert capfd.readouterr().out.count("- Building hello with Go") == 1
    program = golang.installed(tool)
    assert program.is_relative_to(own_cache)
    assert subprocess.run([program], capture_output=True, text=True, check=True).stderr == "hello\n"


@pytest.mark.usefixtures("own_cache")
def test_another_lock_is_another_program(tmp_path: Path) -> None:
    tool = hello(tmp_path / "hello")
    before = golang.installed(tool)
    (tool.lock / "go.mod").write_text("module example.test/hello\n\ngo 1.22\n")
    assert golang.installed(tool) != before


@pytest.mark.usefixtures("own_cache")
def test_what_does_not_compile_is_told_and_not_kept(tmp_path: Path) -> None:
    tool = hello(tmp_path / "hello", HELLO.replace("println", "printline"))
    with pytest.raises(Failure, match=r"hello could not be built:\n(.*\n)*.*undefined: printline"):
        golang.installed(tool)
    (tool.lock / "main.go").write_text(HELLO)
    assert golang.installed(tool).exists()


@pytest.mark.usefixtures("own_cache")
def test_a_module_with_another_checksum_is_refused(tmp_path: Path) -> None:
    lock = shutil.copytree(ACTIONLINT.lock, tmp_path / "lock")
    lines = (lock / "go.sum").read_text().splitlines()
    changed = [
        line.replace("h1:vQ4", "h1:vQ5") if "actionlint v" in line and "/go.mod" not in line else line for line in lines
    ]
    assert changed != lines
    (lock / "go.sum").write_text("\n".join(changed) + "\n")
    with pytest.raises(Failure, match="checksum mismatch"):
        golang.installed(golang.GoTool(ACTIONLINT.package, lock))


def test_a_go_that_is_too_old_is_not_taken(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    old = tmp_path / "bin" / "go"
    old.parent.mkdir()
    old.write_text("#!/bin/sh\necho go version go1.19.8 linux/amd64\n")
    old.chmod(0o755)
    monkeypatch.setenv("PATH", f"{old.parent}:/usr/bin:/bin")
    assert golang.go_command(ACTIONLINT.lock) != old
