"""The Python environment: from its lock, outside the checkout, named by what it is made of."""

import hashlib
import os
import platform
import subprocess
import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import NoReturn

from devtools.cache import made_once
from devtools.failure import Failure
from devtools.packages import install_packages, pip_variables
from devtools.places import CHECKOUT, LOCK_FILE, cache_folder, python_path
from devtools.screen import Step


def environment_folder(lock: Path = LOCK_FILE) -> Path:
    """Where the environment for this lock and this Python is, or will be."""
    made_of = hashlib.sha256(lock.read_bytes())
    made_of.update(f"{platform.python_version()} {platform.machine()} {sys.base_prefix}".encode())
    return cache_folder() / f"environment-{made_of.hexdigest()[:16]}"


def environment_python(lock: Path = LOCK_FILE) -> Path:
    """The environment's interpreter; made first when it is not there."""
    make = partial(_make, lock=lock)
    return made_once(environment_folder(lock), make, what="the environment") / "bin" / "python"


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


def _make(folder: Path, *, lock: Path) -> None:
    with Step(f"Python environment in {folder}"):
        base = getattr(sys, "_base_executable", None) or sys.executable
        made = subprocess.run(
            [base, "-m", "venv", str(folder)], env=pip_variables(), capture_output=True, text=True, check=False
        )
        if made.returncode != 0:
            raise Failure(f"Python could not make an environment:\n{made.stdout}{made.stderr}")
    install_packages(folder / "bin" / "python", lock)
