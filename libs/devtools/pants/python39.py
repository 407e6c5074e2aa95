"""A Python 3.9, which Pants 2.17 needs and Debian 12 lacks: the machine's own, else Debian 11's, unpacked in the cache.

apt fetches the packages with lists of its own, checks Debian's signature, and installs nothing: no rights are needed.
"""

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

from devtools import debian
from devtools.cache import made_once
from devtools.failure import Failure
from devtools.places import cache_folder
from devtools.screen import Step

_SUITE = "bullseye"
# Libraries whose release Debian 12 no longer has come along; the others it has under the same name.
_LIBRARIES = ("libssl1.1", "libffi7", "libmpdec3")
_PACKAGES = ("python3.9-minimal", "libpython3.9-minimal", "libpython3.9-stdlib", *_LIBRARIES, "patchelf")
_PROBE = "import sys, ssl, ctypes, decimal, hashlib, zlib; sys.exit(sys.version_info[:2] != (3, 9))"


def find_python39() -> Path:
    """A Python 3.9 that runs; Debian 11's is unpacked when the machine has none."""
    for program in _on_this_machine():
        if _runs(program):
            return program
    made_of = hashlib.sha256(repr((_SUITE, _PACKAGES)).encode()).hexdigest()[:16]
    folder = made_once(cache_folder() / f"python3.9-{made_of}", _unpack, what="Python 3.9")
    if not _runs(program := folder / "usr/bin/python3.9"):
        raise Failure(f"Debian 11's Python 3.9 does not run on this machine.\n{_way_out()}")
    return program


def _runs(program: Path) -> bool:
    """Whether it is there, is a Python 3.9 and has the modules that Pants needs, whatever the environment."""
    try:
        return subprocess.run([program, "-c", _PROBE], env={}, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def _on_this_machine() -> list[Path]:
    on_path = shutil.which("python3.9")
    # A version switcher keeps what it installed here, also when its stand-in on the PATH is switched to another.
    switched = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv", "versions")
    return [*([Path(on_path)] if on_path else []), *sorted(switched.glob("3.9.*/bin/python3.9"), reverse=True)]


def _unpack(folder: Path) -> None:
    if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
        raise Failure(f"Pants 2.17 runs on Python 3.9, which this machine lacks.\n{_way_out()}")
    with Step("Python 3.9 from Debian 11's packages, each checked against Debian's signature") as step:
        step.progress("fetching")
        options = _own_lists(folder / "apt")
        _run(["apt-get", *options, "update"], folder)
        _run(["apt-get", *options, "download", *_PACKAGES], folder)
        step.progress("unpacking")
        for package in sorted(folder.glob("*.deb")):
            _run(["dpkg-deb", "--extract", str(package), str(folder)], folder)
            package.unlink()
        shutil.rmtree(folder / "apt")
        _find_libraries_beside(folder)
        step.progress("")


def _find_libraries_beside(folder: Path) -> None:
    """Have Python's modules find their libraries where they lie: Pants starts Python with variables of its own."""
    (libraries,) = {library.parent for library in folder.glob("usr/lib/*/libssl.so.1.1")}
    for file in [*folder.glob("usr/lib/python3.9/lib-dynload/*.so"), *libraries.glob("lib*.so*")]:
        if not file.is_symlink():
            beside = f"$ORIGIN/{os.path.relpath(libraries, file.parent)}"
            _run([str(folder / "usr/bin/patchelf"), "--set-rpath", beside, str(file)], folder)


def _own_lists(folder: Path) -> list[str]:
    """Options that make apt look at Debian 11 only, and keep its lists in a folder of ours."""
    for name in ("lists/partial", "archives/partial"):
        (folder / name).mkdir(parents=True)
    (folder / "status").touch()
    (folder / "sources.list").write_text(f"deb {debian.mirror()} {_SUITE} main\n")
    settings = {
        "Dir::Etc::SourceList": folder / "sources.list",
        "Dir::Etc::SourceParts": "/dev/null",
        "Dir::State::Lists": folder / "lists",
        "Dir::State::status": folder / "status",
        "Dir::Cache": folder,
        "Acquire::Languages": "none",
        "APT::Sandbox::User": "",  # the folder may be closed to apt's own account
    }
    return [word for name, value in settings.items() for word in ("-o", f"{name}={value}")]


def _run(argv: list[str], folder: Path) -> None:
    done = subprocess.run(argv, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        tail = "\n".join(f"    {line}" for line in (done.stdout + done.stderr).splitlines()[-6:])
        raise Failure(f"Python 3.9 could not be had from Debian 11:\n{tail}\n{_way_out()}")


def _way_out() -> str:
    return (
        "Install a Python 3.9 as python3.9 on the PATH or with pyenv, and run the command again; or run Pants 2.31\n"
        "with its own launcher (CONTRIBUTING.md). ./dev test and ./dev lint need neither."
    )
