"""Pants itself, and the pex that it drives, from locks with hashes into the cache."""

import hashlib
import os
import platform
import subprocess
from pathlib import Path

from devtools.cache import made_once
from devtools.environment import environment_python
from devtools.failure import Failure
from devtools.packages import install_packages, pip_variables
from devtools.pants.helm import helm_archive
from devtools.pants.python39 import find_python39
from devtools.places import CHECKOUT, cache_folder
from devtools.screen import Step

OFFLINE_SETTINGS = CHECKOUT / "pants.offline.toml"
_NO_HELM = {"FLORIN_HELM": "/not/asked/for", "FLORIN_HELM_IS": f"{0:064}|0"}
_LOCKS = CHECKOUT / "3rdparty" / "pants"
_PANTS_LOCK = _LOCKS / "pants.lock.txt"
_PEX_LOCK = _LOCKS / "pex.lock.txt"


def pants_command() -> list[str]:
    """What runs Pants; arguments follow."""
    return [str(find_python39()), "-m", "pants.bin.pants_loader"]


def pants_variables(*, charts: bool = False) -> dict[str, str]:
    """The environment that Pants runs in: where its packages are, and the settings that keep it from GitHub.

    With ``charts`` there is helm, too, which is built the first time.
    """
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PEX_"))}
    return {
        **inherited,
        "PYTHONPATH": str(_pants_packages()),
        "PYTHONWARNINGS": "ignore",
        "HOME": os.environ.get("HOME") or str(cache_folder()),
        "PANTS_CONFIG_FILES": str(OFFLINE_SETTINGS),
        **_told("PEX", pex_program()),
        **(_told("HELM", helm_archive()) if charts else _NO_HELM),
    }


def _told(name: str, file: Path) -> dict[str, str]:
    """Where a tool is and what it is made of, as pants.offline.toml asks."""
    is_ = f"{hashlib.sha256(file.read_bytes()).hexdigest()}|{file.stat().st_size}"
    return {f"FLORIN_{name}": str(file), f"FLORIN_{name}_IS": is_}


def pex_program() -> Path:
    """Pex as one file, as Pants wants to fetch it."""
    return made_once(_folder_of("pex", _PEX_LOCK), _make_pex, what="pex") / "pex"


def pex_packages() -> Path:
    """Pex as packages; its programs are in ``bin``."""
    return pex_program().parent / "packages"


def _pants_packages() -> Path:
    # Built packages for the Python that will run them, put there by ours: an unpacked Python 3.9 has no pip.
    target = ["--python-version", "3.9", "--ignore-requires-python"]
    for age in ("manylinux_2_28", "manylinux2014"):
        target += ["--platform", f"{age}_{platform.machine()}"]
    return made_once(
        _folder_of("pants", _PANTS_LOCK),
        lambda folder: install_packages(environment_python(), _PANTS_LOCK, into=folder, options=target),
        what="Pants",
    )


def _folder_of(name: str, lock: Path) -> Path:
    made_of = hashlib.sha256(lock.read_bytes() + platform.machine().encode()).hexdigest()[:16]
    return cache_folder() / f"{name}-{made_of}"


def _make_pex(folder: Path) -> None:
    packages = folder / "packages"
    install_packages(environment_python(), _PEX_LOCK, into=packages)
    with Step("pex as one file"):
        argv = [str(environment_python()), "-m", "pex", "--requirement", str(_PEX_LOCK), "--script", "pex"]
        argv += ["--use-pip-config", "--output-file", str(folder / "pex")]
        made = subprocess.run(argv, env=pex_variables(packages), capture_output=True, text=True, check=False)
        if made.returncode != 0:
            raise Failure(f"pex could not be made:\n{made.stdout}{made.stderr}")


def pex_variables(packages: Path) -> dict[str, str]:
    """The environment that pex runs in."""
    return pip_variables() | {"PYTHONPATH": str(packages), "PEX_ROOT": str(cache_folder() / "pex-root")}
