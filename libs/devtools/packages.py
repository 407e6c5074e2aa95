"""Python packages from a lock: with hashes, as built packages only, through the machine's own settings for pip."""

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

from devtools.failure import Failure
from devtools.places import cache_folder
from devtools.screen import Step

# These would send the packages elsewhere than asked.
_MISLEADING = ("PIP_USER", "PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PIP_REQUIRE_VIRTUALENV", "PYTHONPATH", "PYTHONHOME")


def pip_variables() -> dict[str, str]:
    """Environment variables for pip and venv."""
    inherited = {name: value for name, value in os.environ.items() if name not in _MISLEADING}
    if not inherited.get("HOME"):
        inherited["HOME"] = str(cache_folder())  # pip keeps its cache below it
    return inherited


def install_packages(python: Path, lock: Path, *, into: Path | None = None, options: Sequence[str] = ()) -> None:
    """Install all of a lock with this interpreter's pip: beside the interpreter, or into a folder."""
    total = sum("==" in line and not line.startswith((" ", "#")) for line in lock.read_text().splitlines())
    argv = [str(python), "-m", "pip", "install", "--no-deps", "--require-hashes"]
    argv += ["--only-binary=:all:", "--no-input", "--progress-bar=off", "--disable-pip-version-check"]
    argv += ["-r", str(lock), *(["--target", str(into), "--no-compile"] if into else []), *options]
    lines: list[str] = []
    seen = 0
    with Step(f"Python packages from {lock.name}, each checked against its hash") as step:
        process = subprocess.Popen(
            argv, env=pip_variables(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, errors="replace",
        )  # fmt: skip
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
