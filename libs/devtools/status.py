"""How a command knows the supervisor: a lock it holds for its life and a status file it rewrites."""

import fcntl
import json
import os
import select
import signal
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

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
    if status.phase not in (STOPPED, FAILED) and not is_held(folder / "supervisor.lock"):
        return Status(message="The supervisor ended without stopping in order.")
    return status


def is_held(lock: Path) -> bool:
    """Whether a living process holds this lock."""
    try:
        with lock.open("r+") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


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
    pid = read_status(folder).pid
    if not pid or not is_held(folder / "supervisor.lock"):
        return None
    try:
        pidfd = os.pidfd_open(pid)
    except ProcessLookupError:
        return None
    # Between the look and the open it may have ended and its number gone to another process.
    if read_status(folder).pid != pid or not is_held(folder / "supervisor.lock"):
        os.close(pidfd)
        return None
    return RunningSupervisor(pid, pidfd)
