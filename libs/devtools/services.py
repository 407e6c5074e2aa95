"""One service of the platform as a process."""

import http.client
import signal
import subprocess
import sys
from pathlib import Path

from devtools.children import start_child
from devtools.environment import variables
from devtools.places import CHECKOUT
from devtools.unit import Unit


class Service(Unit):
    """``python -m <name>.main``: started, waited for until ready, stopped by SIGTERM."""

    start_timeout_s = 90.0
    stop_timeout_s = 30.0

    def __init__(
        self,
        name: str,
        settings: dict[str, str],
        log: Path,
        *,
        pass_fds: tuple[int, ...] = (),
        when_parent_dies: signal.Signals = signal.SIGTERM,
    ) -> None:
        super().__init__(name, int(settings["FLORIN_PORT"]), log)
        self.name = name
        self._settings = settings
        self._pass_fds = pass_fds
        self._when_parent_dies = when_parent_dies

    def launch(self) -> subprocess.Popen[bytes]:
        """With its settings and no others."""
        inherited = {name: value for name, value in variables().items() if not name.startswith("FLORIN_")}
        return start_child(
            [sys.executable, "-m", f"{self.name}.main"],
            log=self.log,
            env=inherited | self._settings,
            cwd=CHECKOUT,
            when_parent_dies=self._when_parent_dies,
            pass_fds=self._pass_fds,
        )

    def answers(self) -> bool:
        """Ask ``/health/ready``."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=2.0)
        try:
            connection.request("GET", "/health/ready")
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()
