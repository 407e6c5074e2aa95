"""A private Redis: own folder, own loopback port, a password, append-only file synced every second."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from devtools.children import hand_over, last_lines, server_account, start_child, stop_child
from devtools.failure import Failure
from devtools.ports import HOST

_START_TIMEOUT_S = 30.0


def find_redis() -> str | None:
    """The server's program. Debian's redis-tools carries the same binary under the name redis-check-rdb."""
    path = os.pathsep.join([os.environ.get("PATH", ""), "/usr/bin", "/usr/local/bin"])
    return shutil.which("redis-server", path=path) or shutil.which("redis-check-rdb", path=path)


class Redis:
    """One private server. ``folder`` holds everything of it: data, configuration, log."""

    def __init__(
        self,
        folder: Path,
        port: int,
        password: str,
        *,
        when_parent_dies: signal.Signals = signal.SIGTERM,
        pass_fds: Sequence[int] = (),
    ) -> None:
        self.host = HOST
        self.port = port
        self.password = password
        self.folder = folder
        self.log = folder / "redis.log"
        self.account: pwd.struct_passwd | None = server_account(folder)
        self.process: subprocess.Popen[bytes] | None = None
        self._when_parent_dies = when_parent_dies
        self._pass_fds = tuple(pass_fds)

    @property
    def url(self) -> str:
        """As redis-py takes it, with the password."""
        return f"redis://:{self.password}@{self.host}:{self.port}/0"

    @property
    def pid(self) -> int:
        """Of the running server."""
        if self.process is None:
            raise Failure("Redis is not running.")
        return self.process.pid

    def start(self) -> None:
        """Start the server on its data and wait until it answers."""
        program = find_redis()
        if program is None:
            raise Failure("Redis is not installed: apt-get install redis-tools (or redis-server).")
        configuration = self._write_configuration()
        hand_over(self.folder, self.account)
        # The binary decides by its own name which tool it is.
        self.process = start_child(
            ["redis-server", str(configuration)],
            executable=program,
            log=self.log,
            cwd=self.folder,
            account=self.account,
            when_parent_dies=self._when_parent_dies,
            pass_fds=self._pass_fds,
        )
        self._wait_until_it_answers(self.process)

    def stop(self, *, timeout_s: float = 15.0) -> None:
        """End the server in order, everything written."""
        if self.process is not None:
            stop_child(self.process, timeout_s=timeout_s)
            self.process = None

    def kill(self) -> None:
        """End the server as a crash does."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def restart(self) -> None:
        """Stop in order and start again: same port, same data."""
        self.stop()
        self.start()

    def flush(self) -> None:
        """Forget everything, as an operator's FLUSHALL does."""
        if (answer := self.command("FLUSHALL")) != "+OK":
            raise Failure(f"Redis did not flush: {answer}")

    def command(self, line: str) -> str:
        """Send one inline command, return the first line of the answer."""
        with socket.create_connection((self.host, self.port), timeout=5.0) as connection:
            connection.sendall(f"AUTH {self.password}\r\n{line}\r\n".encode())
            with connection.makefile("r", encoding="utf-8", newline="\r\n") as answers:
                answers.readline()
                return answers.readline().rstrip("\r\n")

    def _write_configuration(self) -> Path:
        path = self.folder / "redis.conf"
        path.unlink(missing_ok=True)
        settings = {
            "bind": self.host,
            "port": self.port,
            "requirepass": self.password,
            "dir": f'"{self.folder}"',
            "appendonly": "yes",
            "appendfsync": "everysec",
            "save": '""',
            "protected-mode": "yes",
            "maxmemory-policy": "noeviction",
            "daemonize": "no",
        }
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.writelines(f"{name} {value}\n" for name, value in settings.items())
        return path

    def _wait_until_it_answers(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + _START_TIMEOUT_S
        while time.monotonic() < deadline:
            if process.poll() is not None:
                raise Failure(f"Redis ended while starting; the end of {self.log}:\n{last_lines(self.log)}")
            try:
                if self.command("PING") == "+PONG":
                    return
            except OSError:
                pass
            time.sleep(0.02)
        stop_child(process, timeout_s=5.0)
        raise Failure(f"Redis did not answer in {_START_TIMEOUT_S:.0f} s; see {self.log}.")
