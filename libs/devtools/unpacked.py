"""Programs of Debian packages that are unpacked into the cache and not installed: installing them starts daemons."""

import os
import shutil
import subprocess
from pathlib import Path

from devtools.cache import made_once
from devtools.debian import update_package_lists
from devtools.failure import Failure
from devtools.places import cache_folder
from devtools.screen import Step


def unpacked(package: str) -> Path:
    """The root folder of a package's files; fetched first (apt checks its signed hash) when it is not there."""
    return made_once(cache_folder() / "debian" / package, lambda folder: _unpack(package, folder), what=package)


def _unpack(package: str, folder: Path) -> None:
    if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
        raise Failure(f"{package} is taken from Debian's packages, and this machine has no apt.")
    with Step(f"Fetching {package} from Debian, to be run and not installed"):
        fetched = _fetch(package, folder)
        if fetched.returncode != 0:
            update_package_lists(package)
            fetched = _fetch(package, folder)
        archives = list(folder.glob("*.deb"))
        if fetched.returncode != 0 or not archives:
            raise Failure(f"apt could not fetch {package}:\n{fetched.stderr}\nMend that and run again.")
        subprocess.run(["dpkg-deb", "--extract", str(archives[0]), str(folder)], check=True)
        archives[0].unlink()


def _fetch(package: str, folder: Path) -> subprocess.CompletedProcess[str]:
    # As root apt would drop its rights, and complain about a folder that its own account cannot write to.
    argv = ["apt-get", "-q", "-o", "APT::Sandbox::User=root", "download", package]
    env = os.environ | {"LC_ALL": "C.UTF-8"}
    return subprocess.run(argv, cwd=folder, env=env, capture_output=True, text=True, check=False)
