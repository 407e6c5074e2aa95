"""A process that is started and waited for, and ends in order or as in a crash: what servers and services share."""

import subprocess
import time
from abc import ABC, abstractmethod
from pathlib import Path

from devtools.children import last_lines, stop_child
from devtools.failure import Failure


class Unit(ABC):
    """One process at a loopback port, with a log. ``title`` names it in sentences."""

    start_timeout_s: float
    stop_timeout_s: float

    def __init__(self, title: str, port: int, log: Path) -> None:
        self.title = title
        self.port = port
        self.log = log
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Of the running process."""
        if self.process is None:
            raise Failure(f"{self.title} is not running.")
        return self.process.pid

    def start(self) -> None:
        """Start the process and wait until it answers."""
        self.process = self.launch()
        deadline = time.monotonic() + self.start_timeout_s
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise Failure(f"{self.title} ended while starting; the end of {self.log}:\n{last_lines(self.log)}")
            if self.answers():
                return
            time.sleep(0.05)
        stop_child(self.process, timeout_s=5.0)
        raise Failure(f"{self.title} did not answer in {self.start_timeout_s:.0f} s; see {self.log}.")

    def stop(self) -> None:
        """End the process in order, what it holds in memory written."""
        if self.process is not None:
            stop_child(self.process, timeout_s=self.stop_timeout_s)
            self.process = None

    def kill(self) -> None:
        """End the process as a crash does."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def restart(self) -> None:
        """Stop in order and start again: same port, same data."""
        self.stop()
        self.start()

    @abstractmethod
    def launch(self) -> subprocess.Popen[bytes]:
        """Start the process; raises Failure where that cannot be."""

    @abstractmethod
    def answers(self) -> bool:
        """Whether it does its work by now."""
