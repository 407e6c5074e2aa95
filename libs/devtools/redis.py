"""A private Redis: own folder, own loopback port, a password, append-only file synced every second."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
from collections.abc import Sequence
from pathlib import Path

from devtools.children import hand_over, server_account, start_child
from devtools.failure import Failure
from devtools.ports import HOST
from devtools.unit import Unit


def find_redis() -> str | None:
    """The server's program. Debian's redis-tools carries the same binary under the name redis-check-rdb."""
    path = os.pathsep.join([os.environ.get("PATH", ""), "/usr/bin", "/usr/local/bin"])
    return shutil.which("redis-server", path=path) or shutil.which("redis-check-rdb", path=path)


class Redis(Unit):
    """One private server. ``folder`` holds everything of it: data, configuration, log."""

    start_timeout_s = 30.0
    stop_timeout_s = 15.0

    def __init__(
        self,
        folder: Path,
        port: int,
        password: str,
        *,
        settings: dict[str, str] | None = None,
        when_parent_dies: signal.Signals = signal.SIGTERM,
        pass_fds: Sequence[int] = (),
    ) -> None:
        super().__init__("Redis", port, folder / "redis.log")
        self.host = HOST
        self.password = password
        self.folder = folder
        self.account: pwd.struct_passwd | None = server_account(folder)
        self._settings = settings or {}
        self._when_parent_dies = when_parent_dies
        self._pass_fds = tuple(pass_fds)

    @property
    def url(self) -> str:
        """As redis-py takes it, with the password."""
        return f"redis://:{self.password}@{self.host}:{self.port}/0"

    def launch(self) -> subprocess.Popen[bytes]:
        """On its data."""
        program = find_redis()
        if program is None:
            raise Failure("Redis is not installed: apt-get install redis-tools (or redis-server).")
        configuration = self._write_configuration()
        hand_over(self.folder, self.account)
        # The binary decides by its own name which tool it is.
        return start_child(
            ["redis-server", str(configuration)],
            executable=program,
            log=self.log,
            cwd=self.folder,
            account=self.account,
            when_parent_dies=self._when_parent_dies,
            pass_fds=self._pass_fds,
        )

    def answers(self) -> bool:
        """Whether the server has read its data."""
        try:
            return self.command("PING") == "+PONG"
        except OSError:
            return False

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
            **self._settings,
        }
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.writelines(f"{name} {value}\n" for name, value in settings.items())
        return path
