"""The benchmark's own programs as processes, and what processes cost."""

import http.client
import os
import signal
import socket
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from devtools.children import last_lines, start_child, stop_child
from devtools.failure import Failure
from devtools.places import CHECKOUT, python_path
from devtools.ports import HOST, any_free_port

_START_S = 30.0
_STOP_S = 10.0
_TICKS_PER_S = os.sysconf("SC_CLK_TCK")
T = TypeVar("T")


class Program:
    """One process that listens on a port of its own. ``argv`` has ``{port}`` where it is to be told."""

    def __init__(self, name: str, argv: list[str], folder: Path, env: Mapping[str, str] | None = None) -> None:
        self.name = name
        self.port = any_free_port()
        self._log = folder / f"{name.replace(' ', '-')}.log"
        path = os.pathsep.join([str(CHECKOUT), python_path()])
        self._process = start_child(
            [word.format(port=self.port) for word in argv],
            log=self._log,
            env={**os.environ, "PYTHONPATH": path, **(env or {})},
            cwd=CHECKOUT,
            when_parent_dies=signal.SIGKILL,
        )
        self._wait_until_it_listens()

    @property
    def pid(self) -> int:
        """Of the process."""
        return self._process.pid

    def ask(self, method: str, path: str, body: Any = None, *, type: type[T], timeout_s: float = 180.0) -> T:
        """One request to the program's control port."""
        connection = http.client.HTTPConnection(HOST, self.port, timeout=timeout_s)
        try:
            connection.request(method, path, body=msgspec.json.encode(body) if body is not None else b"")
            answer = connection.getresponse()
            content = answer.read()
        except (OSError, http.client.HTTPException) as error:
            raise Failure(f"{self.name} did not answer ({error!r}):\n{last_lines(self._log, 20)}") from None
        finally:
            connection.close()
        if answer.status != 200:
            raise Failure(f"{self.name} answered {answer.status}: {content[:300]!r}")
        return msgspec.json.decode(content, type=type)

    def stop(self) -> None:
        """End it."""
        stop_child(self._process, timeout_s=_STOP_S)

    def _wait_until_it_listens(self) -> None:
        deadline = time.monotonic() + _START_S
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                break
            try:
                socket.create_connection((HOST, self.port), timeout=1.0).close()
            except OSError:
                time.sleep(0.02)
            else:
                return
        self.stop()
        raise Failure(f"{self.name} did not start:\n{last_lines(self._log, 20)}")


def cpu_seconds(pid: int) -> float:
    """Processor time of a process with all its threads since its start, from /proc/PID/stat (utime + stime)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS_PER_S
