"""A private MariaDB: own data folder, own loopback port, durable settings.

Users and schemas are made by the server's init file at each start, so that nothing here needs a client library.
"""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from devtools.children import hand_over, server_account, start_child
from devtools.failure import Failure
from devtools.ports import HOST
from devtools.unit import Unit

# Durable, as production is told to be: an answer given to a caller survives a crash of the machine. The time-outs
# keep a stopped writer from holding rows that others need; MariaDB has the first one off by default.
DURABLE_SETTINGS = {
    "innodb-flush-log-at-trx-commit": "1",
    "log-bin": "binlog",
    "sync-binlog": "1",
    "binlog-format": "ROW",
    "server-id": "1",
    "binlog-expire-logs-seconds": "86400",
    "transaction-isolation": "READ-COMMITTED",
    "character-set-server": "utf8mb4",
    "collation-server": "utf8mb4_bin",
    "sql-mode": "STRICT_TRANS_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION",
    "default-time-zone": "+00:00",
    "idle-write-transaction-timeout": "2",
    "innodb-lock-wait-timeout": "2",
    "max-connections": "300",
    "innodb-buffer-pool-size": "256M",
    "performance-schema": "OFF",
}
LOG_FILE_SIZE = "64M"


def find_mariadbd() -> str | None:
    """The server's program; Debian keeps it in /usr/sbin, which is not on every user's PATH."""
    return _find("mariadbd")


def find_install_db() -> str | None:
    """The script that makes a new data folder."""
    return _find("mariadb-install-db")


def _find(name: str) -> str | None:
    path = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin", "/usr/bin"])
    return shutil.which(name, path=path)


class MariaDB(Unit):
    """One private server. ``folder`` holds everything of it: data, socket, log, init file."""

    start_timeout_s = 60.0
    stop_timeout_s = 30.0

    def __init__(
        self,
        folder: Path,
        port: int,
        *,
        init_statements: Sequence[str] = (),
        settings: dict[str, str] | None = None,
        when_parent_dies: signal.Signals = signal.SIGTERM,
        pass_fds: Sequence[int] = (),
    ) -> None:
        super().__init__("MariaDB", port, folder / "mariadb.log")
        self.host = HOST
        self.folder = folder
        self.data = folder / "data"
        self.account: pwd.struct_passwd | None = server_account(folder)
        self._settings = DURABLE_SETTINGS | (settings or {})
        self._init_statements = list(init_statements)
        self._when_parent_dies = when_parent_dies
        self._pass_fds = tuple(pass_fds)

    def launch(self) -> subprocess.Popen[bytes]:
        """On its data, which is made when there is none."""
        program = find_mariadbd()
        if program is None:
            raise Failure("MariaDB's server (mariadbd) is not installed: apt-get install mariadb-server-core.")
        if not self.data.exists():
            create_data(self.data)
        (self.folder / "files").mkdir(exist_ok=True)
        init_file = self._write_init_file()
        hand_over(self.folder, self.account)
        return start_child(
            [program, *self._arguments(init_file)],
            log=self.log,
            cwd=self.folder,
            account=self.account,
            when_parent_dies=self._when_parent_dies,
            pass_fds=self._pass_fds,
        )

    def answers(self) -> bool:
        """Whether the server greets, which it does only after recovery and the init file."""
        try:
            with socket.create_connection((self.host, self.port), timeout=1.0) as connection:
                return len(greeting := connection.recv(5)) == 5 and greeting[4] == 10
        except OSError:
            return False

    def _arguments(self, init_file: Path) -> list[str]:
        arguments = {
            "datadir": self.data,
            "bind-address": self.host,
            "port": self.port,
            "socket": self.folder / "s",
            "pid-file": self.folder / "mariadb.pid",
            "init-file": init_file,
            "secure-file-priv": self.folder / "files",
            "innodb-log-file-size": LOG_FILE_SIZE,
            **self._settings,
        }
        flags = ["--no-defaults", "--skip-name-resolve", "--skip-symbolic-links", "--local-infile=0"]
        if os.geteuid() == 0 and self.account is None:
            flags.append("--user=root")
        return [*flags, *(f"--{name}={value}" for name, value in arguments.items())]

    def _write_init_file(self) -> Path:
        path = self.folder / "init.sql"
        path.unlink(missing_ok=True)
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.writelines(f"{statement};\n" for statement in self._init_statements)
        return path


def create_data(data: Path) -> None:
    """Make a fresh data folder, aside first and renamed when complete, so that a broken run leaves no half folder."""
    install_db = find_install_db()
    if install_db is None:
        raise Failure("mariadb-install-db is missing: apt-get install mariadb-server-core mariadb-client-core.")
    data.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="new-data-", dir=data.parent) as aside:
        argv = [install_db, "--no-defaults", "--force", "--skip-name-resolve", "--skip-test-db"]
        argv += ["--auth-root-authentication-method=normal", f"--datadir={aside}/data"]
        argv += [f"--innodb-log-file-size={LOG_FILE_SIZE}", "--innodb-flush-log-at-trx-commit=0"]
        if os.geteuid() == 0:
            argv.append("--user=root")
        made = subprocess.run(argv, capture_output=True, text=True, check=False)
        if made.returncode != 0:
            tail = "\n".join(f"    {line}" for line in (made.stdout + made.stderr).splitlines()[-8:])
            raise Failure(f"MariaDB could not make its data folder {data}:\n{tail}")
        os.sync()
        Path(aside, "data").rename(data)


def account_statements(user: str, password: str, schema: str | None) -> list[str]:
    """Statements for the init file: a user on loopback with all rights on one schema (None: on everything)."""
    name = f"'{user}'@'127.0.0.1'"
    secret = password.replace("\\", "\\\\").replace("'", "''")
    statements = [
        f"CREATE USER IF NOT EXISTS {name} IDENTIFIED BY '{secret}'",
        f"ALTER USER {name} IDENTIFIED BY '{secret}'",
    ]
    if schema is None:
        return [*statements, f"GRANT ALL PRIVILEGES ON *.* TO {name} WITH GRANT OPTION"]
    return [
        f"CREATE DATABASE IF NOT EXISTS `{schema}` CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
        *statements,
        f"GRANT ALL PRIVILEGES ON `{schema}`.* TO {name}",
    ]
