"""The Python environment: from the one lock, outside the checkout, named by what it is made of.

It is made in its final folder under a lock and marked complete last (a virtual environment cannot be moved: its
scripts hold its path). Without the mark it is thrown away and made again.
"""

import fcntl
import hashlib
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

from devtools.failure import Failure
from devtools.places import CHECKOUT, LOCK_FILE, cache_folder, private_folder, python_path
from devtools.screen import Step

# These would send the packages elsewhere than into the environment.
_MISLEADING = ("PIP_USER", "PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PIP_REQUIRE_VIRTUALENV", "PYTHONPATH", "PYTHONHOME")


def environment_folder() -> Path:
    """Where the environment for this lock and this Python is, or will be."""
    made_of = hashlib.sha256(LOCK_FILE.read_bytes())
    made_of.update(f"{platform.python_version()} {platform.machine()} {sys.base_prefix}".encode())
    return cache_folder() / f"environment-{made_of.hexdigest()[:16]}"


def environment_python() -> Path:
    """The environment's interpreter; made first when it is not there."""
    folder = environment_folder()
    if not (folder / "complete").exists():
        private_folder(folder.parent)
        with _only_one(folder.with_suffix(".lock")):
            if not (folder / "complete").exists():
                _make(folder)
    return folder / "bin" / "python"


def variables(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """Environment variables for programs of this checkout."""
    inherited = {name: value for name, value in os.environ.items() if name not in ("PYTHONHOME", "VIRTUAL_ENV")}
    inherited["PYTHONPATH"] = python_path()
    inherited["PATH"] = os.pathsep.join([str(environment_folder() / "bin"), os.environ.get("PATH", os.defpath)])
    return inherited | dict(extra or {})


def run_instead(arguments: list[str], extra: Mapping[str, str] | None = None, *, folder: Path = CHECKOUT) -> NoReturn:
    """Become the environment's Python with these arguments, in a folder."""
    python = str(environment_python())
    sys.stdout.flush()
    os.chdir(folder)
    os.execve(python, [python, *arguments], variables(extra))


@contextmanager
def _only_one(lock: Path) -> Iterator[None]:
    with lock.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            with Step("Waiting for another ./dev that makes the environment"):
                fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _make(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    inherited = {name: value for name, value in os.environ.items() if name not in _MISLEADING}
    if not os.environ.get("HOME"):
        inherited["HOME"] = str(folder.parent)  # pip keeps its cache below it
    with Step(f"Python environment in {folder}"):
        base = getattr(sys, "_base_executable", None) or sys.executable
        made = subprocess.run(
            [base, "-m", "venv", str(folder)], env=inherited, capture_output=True, text=True, check=False
        )
        if made.returncode != 0:
            raise Failure(f"Python could not make an environment:\n{made.stdout}{made.stderr}")
    _install(folder, inherited)
    (folder / "complete").touch()


def _install(folder: Path, inherited: dict[str, str]) -> None:
    total = sum("==" in line and not line.startswith((" ", "#")) for line in LOCK_FILE.read_text().splitlines())
    argv = [str(folder / "bin" / "python"), "-m", "pip", "install", "--no-deps", "--require-hashes"]
    argv += ["--only-binary=:all:", "--no-input", "--progress-bar=off", "--disable-pip-version-check"]
    argv += ["-r", str(LOCK_FILE)]
    lines: list[str] = []
    seen = 0
    with Step("Python packages from the lock, each checked against its hash") as step:
        process = subprocess.Popen(
            argv, env=inherited, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
        )
        with process:
            assert process.stdout is not None  # noqa: S101 - a pipe was asked for
            for line in process.stdout:
                lines.append(line.rstrip())
                if line.startswith(("Collecting ", "Ignoring ")):
                    seen += 1
                    step.progress(f"fetching {seen} of {total}")
                elif line.startswith("Installing "):
                    step.progress(f"{total} fetched, unpacking")
        if process.returncode != 0:
            tail = "\n".join(f"    {line}" for line in lines if "ERROR" in line or "rror:" in line) or lines[-1]
            raise Failure(
                f"The packages could not be installed:\n{tail}\n"
                "pip used this machine's settings (pip.conf, PIP_INDEX_URL); mend them or the network and run again."
            )
        step.progress(f"{total} of {total}")
