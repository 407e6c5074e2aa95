"""What the machine lacks, installed from Debian's packages in one step that says what it needs rights for."""

import os
import pwd
import shutil
import subprocess
import sys
from collections.abc import Sequence

from devtools.failure import Failure
from devtools.mariadb import find_install_db, find_mariadbd
from devtools.redis import find_redis
from devtools.screen import Step

_PACKAGE_OF = {
    "buildah": "buildah",
    "curl": "curl",
    "debootstrap": "debootstrap",
    "ip": "iproute2",
    "nft": "nftables",
    "node": "nodejs",
    "openssl": "openssl",
    "php": "php-cli",
    "runc": "runc",
    "shellcheck": "shellcheck",
}
_APT_GET = "DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 apt-get -o DPkg::Lock::Timeout=120 -o Dpkg::Use-Pty=0"
_PATH = os.pathsep.join([os.environ.get("PATH", ""), "/usr/bin", "/usr/sbin", "/bin", "/sbin"])


def missing_packages(*, servers: bool, programs: Sequence[str] = ()) -> list[str]:
    """Debian packages that this machine needs and does not have; ``programs`` are names of `_PACKAGE_OF`."""
    packages = []
    if not _can_make_environments():
        # The interpreter that runs this; Debian splits ensurepip from each of its Pythons.
        packages.append(f"python3.{sys.version_info.minor}-venv")
    if servers:
        if find_mariadbd() is None or find_install_db() is None:
            packages.append("mariadb-server-core")
        if shutil.which("my_print_defaults", path=_PATH) is None:
            packages.append("mariadb-client-core")
        if find_redis() is None:
            packages.append("redis-tools")
    packages += [_PACKAGE_OF[program] for program in programs if shutil.which(program, path=_PATH) is None]
    return packages


def _can_make_environments() -> bool:
    check = [sys.executable, "-c", "import ensurepip, venv"]
    return subprocess.run(check, capture_output=True, check=False).returncode == 0


def install_missing(*, servers: bool, programs: Sequence[str] = ()) -> None:
    """Install what is missing; does nothing, and needs no rights, when nothing is."""
    packages = missing_packages(servers=servers, programs=programs)
    if not packages:
        return
    prefix = _elevation(packages)
    with Step(f"Installing {', '.join(packages)} with apt") as step:
        # Never at the price of what is installed: MariaDB's packages conflict with MySQL's.
        install = f"{_APT_GET} install --no-remove --yes --no-install-recommends {' '.join(packages)}"
        # A broken third-party source fails the update and not what is installed from Debian's own.
        script = f"{_APT_GET} update || echo 'W: the update failed'; {install}"
        _run_showing_progress([*prefix, "sh", "-c", script], step)
    still_missing = missing_packages(servers=servers, programs=programs)
    if still_missing:
        raise Failure(f"apt installed the packages, and these are still not usable: {', '.join(still_missing)}.")


def update_package_lists(package: str) -> None:
    """Let apt learn what there is, where it does not know a package that is only fetched."""
    with Step("Updating apt's lists") as step:
        _run_showing_progress([*_elevation([package]), "sh", "-c", f"{_APT_GET} update"], step)


def mirror() -> str:
    """Where this machine gets Debian's packages from, of other releases too. Raises Failure where apt knows none."""
    question = ["apt-get", "indextargets", "--format", "$(ORIGIN) $(CODENAME) $(REPO_URI)", "Created-By: Packages"]
    if shutil.which("apt-get", path=_PATH):
        for line in subprocess.run(question, capture_output=True, text=True, check=False).stdout.splitlines():
            origin, codename, address = line.split(" ", 2)
            if origin == "Debian" and codename.isalpha():  # not one of its updates
                return address
    raise Failure("apt knows no mirror of Debian here. If this is a Debian, run apt-get update and try again.")


def make_server_account() -> None:
    """As root, an account of its own for the database servers, so that they need none of root's rights."""
    if os.geteuid() != 0:
        return
    try:
        pwd.getpwnam("florin")
    except KeyError:
        if useradd := shutil.which("useradd", path=_PATH):
            argv = [useradd, "--system", "--no-create-home", "--home-dir", "/nonexistent"]
            argv += ["--shell", "/usr/sbin/nologin", "florin"]
            subprocess.run(argv, capture_output=True, check=False)  # without it, the account is "nobody"


def _elevation(packages: list[str]) -> list[str]:
    wanted = " ".join(packages)
    if shutil.which("apt-get", path=_PATH) is None:
        raise Failure(
            "Florin needs MariaDB 10.6 or later (mariadbd, mariadb-install-db), Redis 7 or later and Python's venv,\n"
            "its tests also curl, Node.js, openssl and PHP;\n"
            f"it can install them by itself only with apt. In Debian's terms this is missing: {wanted}.\n"
            "Install them and run the command again, or use: docker compose up"
        )
    if os.geteuid() == 0:
        return []
    sudo = shutil.which("sudo", path=_PATH)
    if sudo is not None:
        if subprocess.run([sudo, "-n", "true"], capture_output=True, check=False).returncode == 0:
            return [sudo, "-n"]
        if sys.stdin.isatty():
            print(f"To install {wanted}, apt needs root's rights; sudo asks for your password once.")
            if subprocess.run([sudo, "-v"], check=False).returncode == 0:
                return [sudo]
    raise Failure(
        f"These packages are missing, and there are no rights here to install them: {wanted}.\n"
        f"Have an administrator run:\n    apt-get install --no-install-recommends {wanted}\n"
        "and run this command again (it needs no rights after that)."
    )


def _run_showing_progress(argv: list[str], step: Step) -> None:
    lines: list[str] = []
    process = subprocess.Popen(
        argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
    )
    with process:
        assert process.stdout is not None  # noqa: S101 - a pipe was asked for
        for line in process.stdout:
            lines.append(line.rstrip())
            if line.startswith(("Get:", "Unpacking ", "Setting up ", "Waiting")):
                step.progress(" ".join(line.split()[:3]))
    if process.returncode != 0:
        tail = "\n".join(f"    {line}" for line in lines[-8:])
        raise Failure(
            f"apt could not install the packages:\n{tail}\nMend that, or install them by hand, and run again."
        )
    step.progress("")
