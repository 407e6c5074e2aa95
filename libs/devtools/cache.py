"""Folders that are made once and kept: named by what they are made of, complete or thrown away.

A folder is made in its final place under a lock and marked complete last (a virtual environment cannot be moved: its
scripts hold its path). Without the mark it is made again. Two that want it at once make it once.
"""

import fcntl
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from devtools.places import private_folder
from devtools.screen import Step


def made_once(folder: Path, make: Callable[[Path], None], *, what: str) -> Path:
    """The folder; made first, by ``make(folder)``, when it is not complete. It begins with an empty one."""
    if not (folder / "complete").exists():
        private_folder(folder.parent)
        with _only_one(folder.with_suffix(".lock"), what):
            if not (folder / "complete").exists():
                shutil.rmtree(folder, ignore_errors=True)
                folder.mkdir()
                make(folder)
                (folder / "complete").touch()
    return folder


@contextmanager
def _only_one(lock: Path, what: str) -> Iterator[None]:
    with lock.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            with Step(f"Waiting for another ./dev that makes {what}"):
                fcntl.flock(file, fcntl.LOCK_EX)
        yield
