"""Prove the first start of a newcomer, in a Debian that has nothing but git and Python.

Makes a bare Debian root with debootstrap, clones the last commit of this checkout into it, and there does what the
README says: ./dev up, ./dev demo, a second ./dev up, ./dev down. With --tests, ./dev test as well. Needs root's
rights and debootstrap; the package managers' settings of this machine are copied in. Nothing is mounted.
"""

import argparse
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from devtools.failure import Failure
from devtools.places import CHECKOUT
from devtools.screen import Step, bold

_SUITE = "bookworm"
_INCLUDED = "git,python3,ca-certificates"
_CHECKOUT_INSIDE = "/srv/florin"
_SETTINGS = (
    "etc/apt/sources.list",
    "etc/apt/sources.list.d",
    "etc/apt/apt.conf.d",
    "etc/apt/trusted.gpg.d",
    "usr/share/keyrings",
    "etc/ssl/certs/ca-certificates.crt",
    "etc/pip.conf",
    "etc/resolv.conf",
)
# No HOME and no locale: a bare machine has neither.
_ENVIRONMENT = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.add_argument("--tests", action="store_true", help="run the tests in there, too")
    parser.add_argument("--uncommitted", action="store_true", help="take the files as they are, not the last commit")
    parser.add_argument("--keep", action="store_true", help="leave the root there to look at")


def run(options: argparse.Namespace) -> int:
    """Do the first start."""
    debootstrap = shutil.which("debootstrap", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if os.geteuid() != 0 or debootstrap is None:
        raise Failure("This needs root's rights and debootstrap (apt-get install debootstrap).")
    commands = [["up", "--detach"], ["demo"], ["up", "--detach"], ["status"], ["down"]]
    if options.tests:
        commands.append(["test"])
    with _bare_root(debootstrap, keep=options.keep) as root:
        _bring_sources(Path(f"{root}{_CHECKOUT_INSIDE}"), uncommitted=options.uncommitted)
        try:
            failed = [" ".join(command) for command in commands if _dev(root, command) != 0]
        finally:
            _dev(root, ["reset", "--yes"])
    print(f"\nFailed: {'; '.join(failed)}." if failed else "\nA first start works.")
    return 1 if failed else 0


@contextmanager
def _bare_root(debootstrap: str, *, keep: bool) -> Iterator[Path]:
    root = Path(tempfile.mkdtemp(prefix="florin-bare-"))
    root.chmod(0o755)
    try:
        with Step(f"A bare Debian in {root}"):
            argv = [debootstrap, "--variant=minbase", f"--include={_INCLUDED}", _SUITE, str(root)]
            _must(argv)
            for name in _SETTINGS:
                _copy_in(Path("/", name), root / name)
        yield root
    finally:
        if keep:
            print(f"Left there: {root}")
        else:
            shutil.rmtree(root)


def _bring_sources(target: Path, *, uncommitted: bool) -> None:
    _must(["git", "clone", "--quiet", "--no-hardlinks", str(CHECKOUT), str(target)])
    if not uncommitted:
        return
    listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listing, cwd=CHECKOUT, capture_output=True, text=True, check=True).stdout.split("\0")
    for name in filter(None, names):
        (target / name).unlink(missing_ok=True)
        if (CHECKOUT / name).exists():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(CHECKOUT / name, target / name)


def _copy_in(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, dirs_exist_ok=True)
    elif source.exists():
        target.unlink(missing_ok=True)
        shutil.copyfile(source, target)


def _must(argv: list[str]) -> None:
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        tail = "\n".join((done.stdout + done.stderr).splitlines()[-5:])
        raise Failure(f"{argv[0]} failed:\n{tail}")


def _dev(root: Path, command: list[str]) -> int:
    print(bold(f"\n$ ./dev {' '.join(command)}"), flush=True)
    settings = {name: text for name, text in os.environ.items() if name.startswith(("PIP_", "SSL_CERT_"))}
    argv = ["chroot", str(root), "sh", "-c", f"cd {_CHECKOUT_INSIDE} && exec ./dev {' '.join(command)}"]
    return subprocess.run(argv, env=_ENVIRONMENT | settings, check=False).returncode
