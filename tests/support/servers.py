"""Real servers for tests: private instances in a temporary folder that end with the test run, even a killed one."""

import fcntl
import os
import secrets
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pymysql

from devtools.failure import Failure
from devtools.mariadb import MariaDB, account_statements, create_data, find_mariadbd
from devtools.places import cache_folder
from devtools.ports import any_free_port
from devtools.redis import Redis

_PREFIX = "florin-tests-"


class MariaDBServer(MariaDB):
    """A private MariaDB with an administrator, for tests that need schemas of their own."""

    user = "florin_tests"

    def __init__(self, folder: Path, port: int, *, settings: dict[str, str] | None = None) -> None:
        self.password = secrets.token_hex(16)
        super().__init__(
            folder,
            port,
            init_statements=account_statements(self.user, self.password, None),
            settings=settings,
            when_parent_dies=signal.SIGKILL,
        )

    def init_statement(self, statement: str) -> None:
        """One more statement that the server executes when it starts."""
        self._init_statements.append(statement)

    def url(self, name: str) -> str:
        """Where the schema ``name`` is, as `florin.database` takes it."""
        return f"mysql://{self.user}:{self.password}@{self.host}:{self.port}/{name}"

    def create_database(self, name: str) -> None:
        """Make an empty schema."""
        self.execute(f"CREATE DATABASE `{name}` CHARACTER SET utf8mb4 COLLATE utf8mb4_bin")

    def drop_database(self, name: str) -> None:
        """Forget a schema."""
        self.execute(f"DROP DATABASE IF EXISTS `{name}`")

    def execute(self, statement: str) -> list[tuple[object, ...]]:
        """One statement as the administrator, outside of every pool."""
        connection = pymysql.connect(
            host=self.host, port=self.port, user=self.user, password=self.password, autocommit=True
        )
        try:
            with connection.cursor() as cursor:
                cursor.execute(statement)
                return list(cursor.fetchall())
        finally:
            connection.close()


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """A folder that goes with the run; folders of runs that were killed are swept first."""
    _sweep()
    new = Path(tempfile.mkdtemp(prefix=f"new-{_PREFIX}"))
    new.chmod(0o711)
    with (new / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        folder = new.rename(new.with_name(new.name.removeprefix("new-")))  # swept by no other run: it is locked
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _sweep() -> None:
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        try:
            with (folder / "lock").open("r+") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)
        except OSError:
            continue  # another run lives in it, or it is another account's


@contextmanager
def running_mariadb(folder: Path) -> Iterator[MariaDBServer]:
    """A MariaDB on fresh data, copied from a template that is made once for each version."""
    home = folder / "mariadb"
    home.mkdir(mode=0o711)
    shutil.copytree(_template(), home / "data")
    server = MariaDBServer(home, any_free_port())
    try:
        server.start()
        yield server
    finally:
        server.kill()


@contextmanager
def running_redis(folder: Path) -> Iterator[Redis]:
    """An empty Redis."""
    home = folder / f"redis-{secrets.token_hex(4)}"  # several may run in one session
    home.mkdir(mode=0o711)
    server = Redis(home, any_free_port(), secrets.token_hex(16), when_parent_dies=signal.SIGKILL)
    try:
        server.start()
        yield server
    finally:
        server.kill()


def _template() -> Path:
    program = find_mariadbd()
    if program is None:
        raise Failure("MariaDB's server (mariadbd) is not installed: run ./dev test, which installs it.")
    status = os.stat(program)
    template = cache_folder() / f"mariadb-template-{status.st_size}-{status.st_mtime_ns}"
    if not template.exists():
        try:
            create_data(template)
        except OSError:
            if not template.exists():  # another run was faster
                raise
    return template
