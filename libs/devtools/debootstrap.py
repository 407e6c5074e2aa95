"""Debian as a tar file, from Debian's packages, each checked against Debian's signature."""

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from devtools import debian
from devtools.failure import Failure
from devtools.screen import Step

SUITE = "bookworm"
_NOT_NEEDED = ("var/cache/apt", "var/lib/apt/lists", "usr/share/doc", "usr/share/man", "usr/share/locale", "var/log")


def write_root(archive: Path, packages: Sequence[str]) -> None:
    """A minimal Debian with these packages, as ``archive``. Needs root and debootstrap."""
    root = archive.with_suffix(".root")
    with Step(f"Debian with {', '.join(packages)}, each package checked against Debian's signature") as step:
        argv = [
            "debootstrap",
            "--variant=minbase",
            f"--include={','.join(packages)}",
            SUITE,
            str(root),
            debian.mirror(),
        ]
        step.progress("fetching and unpacking")
        made = subprocess.run(argv, capture_output=True, text=True, check=False)
        if made.returncode != 0:
            tail = "\n".join(f"    {line}" for line in made.stdout.splitlines()[-6:])
            raise Failure(f"debootstrap could not make this image:\n{tail}\nMend that and run again.")
        leave_out = [f"--exclude=./{path}/*" for path in _NOT_NEEDED]
        argv = ["tar", "--create", "--sort=name", f"--file={archive}", *leave_out, f"--directory={root}", "."]
        subprocess.run(argv, check=True)
        shutil.rmtree(root)
        step.progress("")
