"""Write the locks of Python packages anew: versions and hashes, no addresses.

What is locked stays as it is where it can; --upgrade takes the newest of everything, or of the packages that are named.
The locks of Go tools are go.sum: go get -tool MODULE@VERSION in their folder below 3rdparty/go.
"""

import argparse
import hashlib
import subprocess
from pathlib import Path

from devtools import debian
from devtools.cache import made_once
from devtools.environment import environment_python
from devtools.failure import Failure
from devtools.packages import install_packages, pip_variables
from devtools.places import CHECKOUT, LOCK_FILE, cache_folder
from devtools.screen import Step

_PYTHON = CHECKOUT / "3rdparty" / "python"
_UV_LOCK = _PYTHON / "uv.lock.txt"
LOCKS = {
    LOCK_FILE: _PYTHON / "requirements.in",
    _PYTHON / "bench.lock.txt": _PYTHON / "bench.in",
    _UV_LOCK: _PYTHON / "uv.in",
    CHECKOUT / "3rdparty" / "go" / "toolchain.lock.txt": CHECKOUT / "3rdparty" / "go" / "toolchain.in",
}
"""Each lock, and what it is made from."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.add_argument("--upgrade", nargs="*", metavar="package", help="take newer releases: of these, or of all")


def run(options: argparse.Namespace) -> int:
    """Write them all."""
    debian.install_missing(servers=False)
    upgrades: list[str] = []
    if options.upgrade is not None:
        upgrades = [f"--upgrade-package={name}" for name in options.upgrade] or ["--upgrade"]
    uv = _uv()
    for lock, source in LOCKS.items():
        # Bots read from the lock's head how it was made: the same words, whatever is upgraded now.
        said = ["uv", "pip", "compile", "--generate-hashes", "--no-emit-index-url", "--no-annotate"]
        said += ["--python-version=3.11", f"--output-file={lock.name}", source.name]
        with Step(str(lock.relative_to(CHECKOUT))):
            variables = {**_uv_variables(), "UV_CUSTOM_COMPILE_COMMAND": " ".join(said)}
            argv = [str(uv), *said[1:], "--quiet", "--no-config", *upgrades]
            done = subprocess.run(argv, cwd=lock.parent, env=variables, capture_output=True, text=True, check=False)
            if done.returncode != 0:
                raise Failure(f"uv could not make the lock:\n{done.stderr}")
    return 0


def _uv_variables() -> dict[str, str]:
    variables = {"UV_CACHE_DIR": str(cache_folder() / "uv"), **pip_variables()}
    if index := variables.get("PIP_INDEX_URL"):
        variables.setdefault("UV_DEFAULT_INDEX", index)  # uv reads nothing of pip's
    return variables


def _uv() -> Path:
    """uv, by its own lock."""
    made_of = hashlib.sha256(_UV_LOCK.read_bytes()).hexdigest()[:16]
    folder = made_once(
        cache_folder() / f"uv-{made_of}",
        lambda folder: install_packages(environment_python(), _UV_LOCK, into=folder),
        what="uv",
    )
    return folder / "bin" / "uv"
