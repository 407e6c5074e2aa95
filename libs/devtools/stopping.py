"""Stopping the platform from outside of its supervisor."""

import time
from pathlib import Path

from devtools.failure import Failure
from devtools.screen import Step
from devtools.status import find_supervisor, read_status

_STOP_TIMEOUT_S = 180.0


def stop_platform(folder: Path) -> bool:
    """Ask the supervisor to stop everything and wait for it. False when none runs."""
    supervisor = find_supervisor(folder)
    if supervisor is None:
        return False
    with Step("Stopping") as step:
        supervisor.ask_to_stop()
        deadline = time.monotonic() + _STOP_TIMEOUT_S
        while not supervisor.has_ended(within_s=0.1):
            if time.monotonic() > deadline:
                raise Failure(f"The supervisor has not ended; see {folder / 'logs' / 'supervisor.log'}.")
            stopping = [unit.name for unit in read_status(folder).units if unit.state == "stopping"]
            step.progress(", ".join(stopping))
        step.progress("everything has stopped")
    return True
