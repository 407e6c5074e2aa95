"""Tools that are Go programs: built from a lock, checked against its checksums, kept outside the checkout.

A lock is a folder with a go.mod that names the tools' modules (``tool`` lines) and a go.sum with the checksum of each
module; ``3rdparty/go`` has one for each family of tools. Modules come through the machine's own settings (GOPROXY and
its like); what go.sum does not know is refused.
"""

import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from devtools.cache import made_once
from devtools.environment import environment_python
from devtools.failure import Failure
from devtools.packages import install_packages
from devtools.places import CHECKOUT, cache_folder
from devtools.screen import Step

LOCKS = CHECKOUT / "3rdparty" / "go"
_TOOLCHAIN_LOCK = LOCKS / "toolchain.lock.txt"


@dataclass(frozen=True)
class GoTool:
    """A program of a module in a lock, for example actionlint."""

    package: str
    """What is built, such as ``github.com/rhysd/actionlint/cmd/actionlint``."""
    lock: Path
    """The folder of its go.mod and go.sum."""
    flags: Sequence[str] = ()
    """For ``go build``, such as ``-ldflags=-X main.version=v1``."""

    @property
    def name(self) -> str:
        """The program's name."""
        return self.package.rpartition("/")[2]


def installed(tool: GoTool) -> Path:
    """The tool's program file; built first when it is not there."""
    made_of = hashlib.sha256((tool.lock / "go.mod").read_bytes() + (tool.lock / "go.sum").read_bytes())
    # Not the compiler's version: a newer Go on the machine is no reason to build Kubernetes again.
    made_of.update(repr((tool.package, list(tool.flags), platform.machine())).encode())
    folder = cache_folder() / "go" / f"{tool.name}-{made_of.hexdigest()[:16]}"
    return made_once(folder, lambda folder: _build(tool, folder), what=tool.name) / tool.name


def module_sources(module: str, lock: Path) -> Path:
    """The folder with a module's files, at the version that a lock names, checked against its checksum."""
    named = re.search(rf"\b{re.escape(module)} (v\S+)", (lock / "go.mod").read_text())
    if named is None:
        raise Failure(f"{lock}/go.mod names no version of {module}.")
    argv = [str(go_command(lock)), "mod", "download", "-json", "-modcacherw", f"{module}@{named[1]}"]
    done = subprocess.run(argv, cwd=lock, env=go_variables(), capture_output=True, text=True, check=False)
    told = json.loads(done.stdout or "{}")
    if f"{module} {named[1]} {told.get('Sum')}" not in (lock / "go.sum").read_text().splitlines():
        raise Failure(
            f"{module} {named[1]} could not be had as {lock}/go.sum knows it: {told.get('Error', done.stderr)}"
        )
    return Path(told["Dir"])


def go_command(lock: Path) -> Path:
    """A Go that is new enough for this lock: the machine's, else the one that the toolchain's lock names."""
    wanted = _version((lock / "go.mod").read_text())
    # /usr/local/go is where Go's own instructions put it, often without a word in PATH.
    for found in (shutil.which("go"), "/usr/local/go/bin/go"):
        if found and _version_of(found) >= wanted:
            return Path(found)
    made_of = hashlib.sha256(_TOOLCHAIN_LOCK.read_bytes()).hexdigest()[:16]
    folder = made_once(
        cache_folder() / f"go-toolchain-{made_of}",
        lambda folder: install_packages(environment_python(), _TOOLCHAIN_LOCK, into=folder),
        what="the Go toolchain",
    )
    go = folder / "go" / "bin" / "go"
    if _version_of(str(go)) < wanted:
        raise Failure(f"{lock} needs Go {'.'.join(map(str, wanted))}; raise the version in {_TOOLCHAIN_LOCK}.")
    return go


def go_variables() -> dict[str, str]:
    """The machine's settings for Go, with its caches beside ours and no compiler but the one that was chosen."""
    folder = cache_folder() / "go"
    kept = {"GOMODCACHE": str(folder / "modules"), "GOCACHE": str(folder / "build"), "GOPATH": str(folder / "path")}
    chosen = {"GOTOOLCHAIN": "local", "GOWORK": "off", "CGO_ENABLED": "0"}
    return kept | dict(os.environ) | chosen


def _build(tool: GoTool, folder: Path) -> None:
    go = go_command(tool.lock)
    # -modcacherw: a cache that its owner can delete.
    argv = [str(go), "build", "-v", "-mod=readonly", "-modcacherw", "-trimpath", "-buildvcs=false", *tool.flags]
    argv += ["-o", f"{folder}/", tool.package]
    lines: list[str] = []
    with Step(f"Building {tool.name} with Go, each module checked against its checksum") as step:
        process = subprocess.Popen(
            argv, cwd=tool.lock, env=go_variables(), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE, text=True, errors="replace",
        )  # fmt: skip
        with process:
            assert process.stderr is not None  # noqa: S101 - a pipe was asked for
            for line in process.stderr:
                lines.append(line.rstrip())
                step.progress(lines[-1].removeprefix("go: "))
        if process.returncode != 0:
            # What was fetched and compiled well says nothing about what was not.
            told = [line for line in lines if " " in line and not line.startswith("go: downloading")]
            raise Failure(
                f"{tool.name} could not be built:\n" + "\n".join(f"    {line}" for line in told[-15:]) + "\n"
                f"Go used this machine's settings ({go} env: GOPROXY, GOFLAGS and their like) and the checksums in\n"
                f"{tool.lock}; mend them or the network and run again."
            )
        step.progress(f"{sum(' ' not in line for line in lines)} packages")


def _version_of(go: str) -> tuple[int, ...]:
    try:
        # Without GOTOOLCHAIN=local an old Go would fetch a new one to answer this.
        told = subprocess.run([go, "version"], env=go_variables(), capture_output=True, text=True, check=False).stdout
    except OSError:
        return ()
    return _version(told)


def _version(text: str) -> tuple[int, ...]:
    """The first ``go 1.25.0`` (of a go.mod) or ``go1.25`` (of a compiler) in a text."""
    found = re.search(r"\bgo ?(\d+(?:\.\d+)+)", text)
    return tuple(int(part) for part in found[1].split(".")) if found else ()
