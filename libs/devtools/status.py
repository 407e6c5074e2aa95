"""How a command knows the supervisor: a lock it holds for its life and a status file it rewrites."""

import fcntl
import json
import os
import select
import signal
import struct
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, TextIO

LOCK = "supervisor.lock"
STARTING, RUNNING, STOPPING, STOPPED, FAILED = "starting", "running", "stopping", "stopped", "failed"


@dataclass
class UnitStatus:
    """One process."""

    name: str
    state: str = "waiting"
    pid: int = 0
    port: int = 0
    since: float = 0.0
    restarts: int = 0


@dataclass
class Status:
    """The platform, as its supervisor wrote it last."""

    pid: int = 0
    phase: str = STOPPED
    message: str = ""
    units: list[UnitStatus] = field(default_factory=list)

    def write(self, folder: Path) -> None:
        """Replace the file in one step."""
        aside = folder / "status.json.new"
        aside.write_text(json.dumps(asdict(self)))
        aside.rename(folder / "status.json")


def read_status(folder: Path) -> Status:
    """What the supervisor wrote last; `stopped` where none runs."""
    try:
        written: dict[str, Any] = json.loads((folder / "status.json").read_text())
    except (FileNotFoundError, ValueError):
        return Status()
    status = Status(
        written["pid"], written["phase"], written["message"], [UnitStatus(**unit) for unit in written["units"]]
    )
    holder = holder_of(folder / LOCK)
    if holder not in (None, status.pid):
        return Status(holder or 0, STARTING)  # it has the lock and not yet replaced its forerunner's file
    if holder is None and status.phase not in (STOPPED, FAILED):
        return Status(message="The supervisor ended without stopping in order.")
    return status


def hold(lock: Path) -> TextIO | None:
    """Take a lock for as long as the file that is returned stays open. None when another process has it.

    A record lock (fcntl) and not flock, because the kernel tells who holds it. It is not inherited by children.
    """
    file = lock.open("a")
    try:
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        return None
    return file


def holder_of(lock: Path) -> int | None:
    """The process that holds a lock, by the kernel's word; None when nobody does."""
    question = struct.pack("hhqqi", fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)  # struct flock of 64-bit Linux
    try:
        with lock.open("r+b") as file:
            answer = fcntl.fcntl(file, fcntl.F_GETLK, question)
    except FileNotFoundError:
        return None
    kind, _, _, _, pid = struct.unpack("hhqqi", answer)
    return None if kind == fcntl.F_UNLCK else pid


class RunningSupervisor:
    """The running supervisor, held by a pidfd: a signal cannot reach another process that got its number."""

    def __init__(self, pid: int, pidfd: int) -> None:
        self.pid = pid
        self._pidfd = pidfd

    def ask_to_stop(self) -> None:
        """Everything stops in reverse order."""
        signal.pidfd_send_signal(self._pidfd, signal.SIGTERM)

    def has_ended(self, *, within_s: float) -> bool:
        """Wait for its end, at most so long."""
        poll = select.poll()
        poll.register(self._pidfd, select.POLLIN)
        return bool(poll.poll(within_s * 1000))


def find_supervisor(folder: Path) -> RunningSupervisor | None:
    """The supervisor that holds this data folder."""
    pid = holder_of(folder / LOCK)
    if pid is None:
        return None
    try:
        pidfd = os.pidfd_open(pid)
    except ProcessLookupError:
        return None
    # Between the look and the open it may have ended and its number gone to another process.
    if holder_of(folder / LOCK) != pid:
        os.close(pidfd)
        return None
    return RunningSupervisor(pid, pidfd)
