"""One service of the platform as a process."""

import http.client
import signal
import subprocess
import sys
import time
from pathlib import Path

from devtools.children import last_lines, start_child, stop_child
from devtools.environment import variables
from devtools.failure import Failure
from devtools.places import CHECKOUT

_READY_TIMEOUT_S = 90.0
_STOP_TIMEOUT_S = 30.0


class Service:
    """``python -m <name>.main``: started, waited for until ready, stopped by SIGTERM."""

    def __init__(
        self,
        name: str,
        settings: dict[str, str],
        log: Path,
        *,
        pass_fds: tuple[int, ...] = (),
        when_parent_dies: signal.Signals = signal.SIGTERM,
    ) -> None:
        self.name = name
        self.log = log
        self.port = int(settings["FLORIN_PORT"])
        self.process: subprocess.Popen[bytes] | None = None
        self._settings = settings
        self._pass_fds = pass_fds
        self._when_parent_dies = when_parent_dies

    def start(self) -> None:
        """Start the process and wait until it says that it is ready."""
        inherited = {name: value for name, value in variables().items() if not name.startswith("FLORIN_")}
        self.process = start_child(
            [sys.executable, "-m", f"{self.name}.main"],
            log=self.log,
            env=inherited | self._settings,
            cwd=CHECKOUT,
            when_parent_dies=self._when_parent_dies,
            pass_fds=self._pass_fds,
        )
        deadline = time.monotonic() + _READY_TIMEOUT_S
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise Failure(f"{self.name} ended while starting; the end of {self.log}:\n{last_lines(self.log)}")
            if self.is_ready():
                return
            time.sleep(0.05)
        raise Failure(f"{self.name} was not ready in {_READY_TIMEOUT_S:.0f} s; see {self.log}.")

    def is_ready(self) -> bool:
        """Ask ``/health/ready``."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=2.0)
        try:
            connection.request("GET", "/health/ready")
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def stop(self) -> None:
        """Drain and end."""
        if self.process is not None:
            stop_child(self.process, timeout_s=_STOP_TIMEOUT_S)
            self.process = None

    def kill(self) -> None:
        """End as a crash does."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None
