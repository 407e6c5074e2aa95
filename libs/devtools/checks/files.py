"""What the repository holds: files that git knows or would take, without what it ignores."""

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from devtools.failure import Failure
from devtools.places import CHECKOUT


def all_files() -> list[Path]:
    """The files of the checkout, relative to it."""
    return _listed("ls-files", "--cached", "--others", "--exclude-standard")


def copy_files(folder: Path) -> None:
    """Copy all of them into a folder, as they are now."""
    for path in all_files():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(CHECKOUT / path, folder / path)


def staged_files() -> list[Path]:
    """Those that the next commit changes."""
    return _listed("diff", "--cached", "--name-only", "--diff-filter=d")


def matching(paths: Sequence[Path], patterns: Sequence[str]) -> list[Path]:
    """Those that fit one of the patterns, such as ``*.py``."""
    return [path for path in paths if any(path.match(pattern) for pattern in patterns)]


def _listed(command: str, *options: str) -> list[Path]:
    # The checkout may belong to somebody else than who looks (a container's root): it is only listed.
    argv = ["git", "-c", f"safe.directory={CHECKOUT}", command, "-z", *options]
    try:
        listed = subprocess.run(argv, cwd=CHECKOUT, capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        raise Failure(f"git could not list the files of {CHECKOUT}, which has to be a clone: {error}") from error
    # What was deleted and is not committed yet is still listed.
    return sorted({Path(name) for name in listed.split("\0") if name and (CHECKOUT / name).is_file()})
