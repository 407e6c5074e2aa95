"""The supervisor with real processes: order, restarts, stopping, what survives its own death."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from devtools.ports import any_free_port
from devtools.status import LOCK, RUNNING, STOPPED, Status, UnitStatus, find_supervisor, holder_of, read_status
from devtools.stopping import stop_platform

ROOT = Path(__file__).resolve().parents[3]
SERVICE = """
    import http.server, os, pathlib, signal, sys
    here = pathlib.Path(os.environ["FLORIN_BOOK"])
    def note(word):
        with here.open("a") as book:
            book.write(f"{os.environ['FLORIN_NAME']} {word}\\n")
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200); self.end_headers()
        def log_message(self, *a): pass
    def stop(*_):
        note("stopped"); os._exit(0)
    signal.signal(signal.SIGTERM, stop)
    server = http.server.HTTPServer(("127.0.0.1", int(os.environ["FLORIN_PORT"])), Handler)
    note("started")
    server.serve_forever()
"""
SUPERVISOR = """
    import os, signal, sys
    from pathlib import Path
    from devtools import supervisor
    from devtools.services import Service
    from devtools.status import LOCK, hold
    folder = Path(sys.argv[1])
    lock = hold(folder / LOCK)
    assert lock is not None
    locks = supervisor.hold_locks(folder, ("one", "two"))
    signal.signal(signal.SIGTERM, supervisor._request_stop)
    units = {}
    for name, port in zip(("one", "two"), sys.argv[2:]):
        settings = {"FLORIN_PORT": port, "FLORIN_NAME": name, "FLORIN_BOOK": str(folder / "book")}
        settings["PYTHONPATH"] = sys.argv[1]
        units[name] = Service(name, settings, folder / f"{name}.log", pass_fds=(locks[name],))
    sys.exit(supervisor.Supervisor(folder, units).run())
"""


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[[], subprocess.Popen[bytes]]]:
    """Starts a supervisor that holds two small services in ``tmp_path``."""
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "main.py").write_text(textwrap.dedent(SERVICE))
    ports = [str(any_free_port()), str(any_free_port())]
    started = []

    def run() -> subprocess.Popen[bytes]:
        argv = [sys.executable, "-c", textwrap.dedent(SUPERVISOR), str(tmp_path), *ports]
        supervisor = subprocess.Popen(argv, env=os.environ | {"PYTHONPATH": str(ROOT / "libs")})
        started.append(supervisor)
        return supervisor

    yield run
    for supervisor in started:
        supervisor.kill()
        supervisor.wait()


def until(folder: Path, holds: Callable[[Status], bool]) -> Status:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        status = read_status(folder)
        if holds(status):
            return status
        time.sleep(0.02)
    raise AssertionError(read_status(folder))


def unit(status: Status, name: str) -> UnitStatus:
    return next(unit for unit in status.units if unit.name == name)


def book(folder: Path) -> list[str]:
    return (folder / "book").read_text().splitlines()


def test_starts_in_order_and_stops_in_reverse(start: Callable[[], subprocess.Popen[bytes]], tmp_path: Path) -> None:
    supervisor = start()
    until(tmp_path, lambda status: status.phase == RUNNING)
    assert stop_platform(tmp_path)
    assert supervisor.wait(5) == 0
    assert book(tmp_path) == ["one started", "two started", "two stopped", "one stopped"]
    assert read_status(tmp_path).phase == STOPPED
    assert not stop_platform(tmp_path)


def test_a_killed_service_starts_again(start: Callable[[], subprocess.Popen[bytes]], tmp_path: Path) -> None:
    start()
    before = unit(until(tmp_path, lambda status: status.phase == RUNNING), "one")
    os.kill(before.pid, signal.SIGKILL)
    status = until(tmp_path, lambda status: unit(status, "one").restarts == 1 and unit(status, "one").state == "ready")
    assert unit(status, "one").pid != before.pid
    assert unit(status, "two").restarts == 0


def test_a_killed_supervisor_takes_its_services_along_and_another_can_start(
    start: Callable[[], subprocess.Popen[bytes]], tmp_path: Path
) -> None:
    first = start()
    until(tmp_path, lambda status: status.phase == RUNNING)
    first.kill()
    first.wait()
    assert find_supervisor(tmp_path) is None
    assert read_status(tmp_path).phase == STOPPED
    start()  # waits for what is still stopping, then holds the same ports
    until(tmp_path, lambda status: status.phase == RUNNING)
    assert [line for line in book(tmp_path) if line.startswith("one")] == ["one started", "one stopped", "one started"]


def test_only_one_supervisor_holds_a_folder(start: Callable[[], subprocess.Popen[bytes]], tmp_path: Path) -> None:
    first = start()
    until(tmp_path, lambda status: status.phase == RUNNING)
    assert holder_of(tmp_path / LOCK) == first.pid
    assert start().wait(10) != 0
    assert read_status(tmp_path).phase == RUNNING


def test_a_service_that_cannot_start_stops_everything_with_its_log(
    start: Callable[[], subprocess.Popen[bytes]], tmp_path: Path
) -> None:
    (tmp_path / "two" / "main.py").write_text("raise SystemExit('the moon is in the wrong house')")
    assert start().wait(20) == 1
    status = read_status(tmp_path)
    assert status.phase == "failed"
    assert "the moon is in the wrong house" in status.message
    assert book(tmp_path) == ["one started", "one stopped"]
