"""The process that holds the platform: starts everything in order, starts again what crashes, stops in reverse.

Run as ``python -m devtools.supervisor <data folder>``. SIGTERM (or SIGINT) stops everything. It tells how it is in
``status.json``; whoever wants to know whether it lives looks at ``supervisor.lock``.
"""

import fcntl
import os
import select
import signal
import sys
import time
from pathlib import Path

from devtools.failure import Failure
from devtools.mariadb import MariaDB
from devtools.redis import Redis
from devtools.services import Service
from devtools.state import State, load_state
from devtools.status import FAILED, LOCK, RUNNING, STARTING, STOPPED, STOPPING, Status, UnitStatus, hold
from devtools.topology import SERVICES, database_statements, service_settings
from devtools.unit import Unit

BACK_OFF_FIRST_S = 0.5
BACK_OFF_MOST_S = 30.0
STEADY_AFTER_S = 60.0
_EARLIER_RUN_TIMEOUT_S = 40.0


class StopRequested(Exception):
    """SIGTERM or SIGINT came."""


class Supervisor:
    """Holds the units of one platform."""

    def __init__(self, folder: Path, units: dict[str, Unit]) -> None:
        self.folder = folder
        self.units = units
        self.status = Status(os.getpid(), STARTING, "", [UnitStatus(name, port=u.port) for name, u in units.items()])
        self._back_off_s = dict.fromkeys(units, BACK_OFF_FIRST_S)
        self._start_again_at: dict[str, float] = {}

    def run(self) -> int:
        """Until asked to stop. The exit status: 1 when the platform could not start."""
        try:
            for name in self.units:
                self._start(name)
            self._say(RUNNING)
            while True:
                self._watch()
        except StopRequested:
            self._stop_all()
            self._say(STOPPED)
            return 0
        except Failure as failure:
            self._stop_all()
            self._say(FAILED, str(failure))
            return 1

    def _start(self, name: str) -> None:
        self._mark(name, "starting")
        self.units[name].start()
        self._mark(name, "ready")

    def _watch(self) -> None:
        """Sleep until a process ends or one is due to start again, and see to it."""
        pidfds = {os.pidfd_open(unit.process.pid): name for name, unit in self.units.items() if unit.process}
        try:
            poll = select.poll()
            for pidfd in pidfds:
                poll.register(pidfd, select.POLLIN)
            due = min(self._start_again_at.values(), default=None)
            wait_ms = None if due is None else max(0.0, due - time.monotonic()) * 1000
            for pidfd, _ in poll.poll(wait_ms):
                self._note_end(pidfds[pidfd])
        finally:
            for pidfd in pidfds:
                os.close(pidfd)
        for name, due in list(self._start_again_at.items()):
            if due <= time.monotonic():
                del self._start_again_at[name]
                self._start_again(name)

    def _note_end(self, name: str) -> None:
        unit, status = self.units[name], self._status_of(name)
        assert unit.process is not None  # noqa: S101 - it was polled
        returned = unit.process.wait()
        unit.process = None
        if time.time() - status.since > STEADY_AFTER_S:
            self._back_off_s[name] = BACK_OFF_FIRST_S
        delay_s = self._back_off_s[name]
        self._back_off_s[name] = min(delay_s * 2, BACK_OFF_MOST_S)
        self._start_again_at[name] = time.monotonic() + delay_s
        how = f"signal {-returned}" if returned < 0 else f"status {returned}"
        self._log(f"{name} ended with {how}; it starts again in {delay_s:.1f} s")
        self._mark(name, "crashed")

    def _start_again(self, name: str) -> None:
        self._status_of(name).restarts += 1
        try:
            self._start(name)
        except Failure as failure:
            self._log(f"{name} did not start: {failure}")
            unit = self.units[name]
            if unit.process is not None:
                unit.process.kill()
                self._note_end(name)
            else:
                self._start_again_at[name] = time.monotonic() + self._back_off_s[name]

    def _stop_all(self) -> None:
        # A second signal must not cut the stop short.
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        self._say(STOPPING)
        for name, unit in reversed(self.units.items()):
            self._mark(name, "stopping")
            unit.stop()
            self._mark(name, "stopped")

    def _mark(self, name: str, state: str) -> None:
        status, process = self._status_of(name), self.units[name].process
        status.state, status.pid, status.since = state, process.pid if process else 0, time.time()
        self._log(f"{name} {state}")
        self.status.write(self.folder)

    def _say(self, phase: str, message: str = "") -> None:
        self.status.phase, self.status.message = phase, message
        self._log(f"the platform is {phase} {message}".rstrip())
        self.status.write(self.folder)

    def _status_of(self, name: str) -> UnitStatus:
        return next(unit for unit in self.status.units if unit.name == name)

    @staticmethod
    def _log(line: str) -> None:
        print(f"{time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())} {line}", flush=True)


def make_units(state: State, locks: dict[str, int]) -> dict[str, Unit]:
    """The platform's processes in the order they start. Each inherits its lock, which tells that it still lives."""
    units: dict[str, Unit] = {
        "mariadb": MariaDB(
            state.folder / "mariadb",
            state.ports["mariadb"],
            init_statements=database_statements(state),
            pass_fds=[locks["mariadb"]],
        ),
        "redis": Redis(
            state.folder / "redis", state.ports["redis"], state.secrets["redis_password"], pass_fds=[locks["redis"]]
        ),
    }
    for name in SERVICES:
        settings = service_settings(state, name)
        units[name] = Service(name, settings, state.log_of(name), pass_fds=(locks[name],))
    return units


def hold_locks(folder: Path, names: tuple[str, ...]) -> dict[str, int]:
    """Take each process's lock, waiting for processes of an earlier run that are still stopping."""
    (folder / "locks").mkdir(exist_ok=True)
    deadline = time.monotonic() + _EARLIER_RUN_TIMEOUT_S
    held = {}
    for name in names:
        fd = os.open(folder / "locks" / name, os.O_RDWR | os.O_CREAT, 0o600)
        while True:
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise Failure(
                        f"{name} of an earlier run is still stopping after {_EARLIER_RUN_TIMEOUT_S:.0f} s."
                    ) from None
                time.sleep(0.1)
        held[name] = fd
    return held


def _request_stop(number: int, frame: object) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    raise StopRequested


def main() -> int:
    """Hold the platform of one data folder until asked to stop."""
    folder = Path(sys.argv[1])
    lock = hold(folder / LOCK)
    state = load_state(folder)
    if lock is None or state is None:
        print("Another supervisor holds this platform, or it was never set up.", flush=True)
        return 2
    Status(os.getpid(), STARTING).write(folder)
    signal.signal(signal.SIGTERM, _request_stop)
    signal.signal(signal.SIGINT, _request_stop)
    try:
        locks = hold_locks(folder, ("mariadb", "redis", *SERVICES))
    except Failure as failure:
        Status(os.getpid(), FAILED, str(failure)).write(folder)
        return 1
    except StopRequested:
        return 0
    return Supervisor(folder, make_units(state, locks)).run()


if __name__ == "__main__":
    sys.exit(main())
