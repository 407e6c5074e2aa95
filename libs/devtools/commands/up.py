"""Start everything, take a first payment, say what to do next.

Makes the Python environment, installs MariaDB and Redis where they are missing, starts private instances of both,
the services and the acquirer simulator, makes a demo merchant and takes a payment whose webhook is verified.
Stays in the foreground until Ctrl-C, unless told to detach. Where everything runs already, nothing is changed.
"""

import argparse
import json
import signal
import subprocess
import time

from devtools import debian, environment
from devtools.card import show_card
from devtools.children import start_child
from devtools.failure import Failure
from devtools.operator_settings import demo_settings
from devtools.places import CHECKOUT
from devtools.screen import Step, dim
from devtools.state import State, make_state, move_taken_ports
from devtools.status import FAILED, RUNNING, STOPPED, Status, find_supervisor, read_status
from devtools.stopping import stop_platform
from devtools.topology import SERVICES

_START_TIMEOUT_S = 300.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.add_argument("--detach", action="store_true", help="leave everything running and return")


def run(options: argparse.Namespace) -> int:
    """Bring the platform up."""
    signal.signal(signal.SIGTERM, _interrupt)
    signal.signal(signal.SIGHUP, _interrupt)
    debian.install_missing(servers=True)
    environment.environment_python()
    debian.make_server_account()
    state = make_state()
    if find_supervisor(state.folder) is not None:
        _wait_until_running(state, None)
        print("Florin is already up; nothing was changed.")
        _show_card(state)
        return 0
    supervisor = _start_supervisor(state, detach=options.detach)
    try:
        _wait_until_running(state, supervisor)
        _take_first_payment(state)
        _show_card(state)
        if options.detach:
            print("It runs in the background: ./dev status, ./dev logs -f, ./dev down.")
            return 0
        _stay(state)
    except (Failure, KeyboardInterrupt) as reason:
        stop_platform(state.folder)
        if isinstance(reason, Failure):
            raise
    return 0


def _interrupt(number: int, frame: object) -> None:
    raise KeyboardInterrupt


def _start_supervisor(state: State, *, detach: bool) -> subprocess.Popen[bytes]:
    for sentence in move_taken_ports(state):
        print(sentence)
    python = str(environment.environment_python())
    return start_child(
        [python, "-m", "devtools.supervisor", str(state.folder)],
        log=state.log_of("supervisor"),
        env=environment.variables(),
        cwd=CHECKOUT,
        when_parent_dies=None if detach else signal.SIGTERM,
    )


def _wait_until_running(state: State, started: subprocess.Popen[bytes] | None) -> None:
    """``started`` is our supervisor; None waits for one that another command started."""
    with Step("MariaDB, Redis and the services") as step:
        deadline = time.monotonic() + _START_TIMEOUT_S
        while time.monotonic() < deadline:
            has_ended = find_supervisor(state.folder) is None if started is None else started.poll() is not None
            status = read_status(state.folder)
            is_ours = started is None or status.pid == started.pid  # an earlier run's file may still be there
            if has_ended or (is_ours and status.phase == FAILED):
                message = status.message if is_ours else ""
                raise Failure(message or f"The platform did not start; see {state.log_of('supervisor')}.")
            if is_ours and status.phase == RUNNING:
                step.progress(f"{len(status.units)} of {len(status.units)} ready")
                return
            if is_ours and status.units:
                ready = sum(unit.state == "ready" for unit in status.units)
                now = next((unit.name for unit in status.units if unit.state == "starting"), "")
                step.progress(f"{ready} of {len(status.units)} ready, starting {now}")
            time.sleep(0.05)
    raise Failure(f"The platform did not start in {_START_TIMEOUT_S:.0f} s; see {state.logs}.")


def _take_first_payment(state: State) -> None:
    argv = [str(environment.environment_python()), "-m", "devtools.demo.first_payment"]
    proof = subprocess.run(argv, env=environment.variables(demo_settings(state)), cwd=CHECKOUT, check=False)
    if proof.returncode != 0:
        raise Failure("The platform is up and its first payment did not go through as it must: see above.")


def _show_card(state: State) -> None:
    try:
        api_key = json.loads(state.demo_file.read_text())["api_key"]
    except FileNotFoundError:
        api_key = "(made by the first ./dev up that ends well)"
    show_card({name: state.url(name) for name in SERVICES}, api_key, str(state.folder))


def _stay(state: State) -> None:
    print(dim("Running; Ctrl-C stops everything."), flush=True)
    shown: dict[str, str] = {}
    while True:
        status = read_status(state.folder)
        if status.phase in (STOPPED, FAILED):
            print(status.message or "Stopped by ./dev down.")
            return
        _show_changes(status, shown)
        time.sleep(0.5)


def _show_changes(status: Status, shown: dict[str, str]) -> None:
    for unit in status.units:
        if shown.get(unit.name, "ready") != unit.state:
            again = f" (start {unit.restarts + 1})" if unit.restarts else ""
            print(f"{time.strftime('%H:%M:%S')} {unit.name} is {unit.state}{again}", flush=True)
        shown[unit.name] = unit.state
