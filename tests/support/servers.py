"""Real servers for tests: private instances in a temporary folder that end with the test run, even a killed one."""

import fcntl
import os
import secrets
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import pymysql

from devtools.failure import Failure
from devtools.mariadb import MariaDB, account_statements, create_data, find_mariadbd
from devtools.places import cache_folder
from devtools.ports import any_free_port
from devtools.redis import Redis

_PREFIX = "florin-tests-"
_START_ATTEMPTS = 5

Server = TypeVar("Server", bound=MariaDB | Redis)


class MariaDBServer(MariaDB):
    """A private MariaDB with an administrator, for tests that need schemas of their own."""

    user = "florin_tests"

    def __init__(self, folder: Path, port: int) -> None:
        self.password = secrets.token_hex(16)
        super().__init__(
            folder,
            port,
            init_statements=account_statements(self.user, self.password, None),
            when_parent_dies=signal.SIGKILL,
        )

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
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX))
    folder.chmod(0o711)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
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
    server = _start(lambda: MariaDBServer(home, any_free_port()))
    try:
        yield server
    finally:
        server.kill()


@contextmanager
def running_redis(folder: Path) -> Iterator[Redis]:
    """An empty Redis."""
    home = folder / f"redis-{secrets.token_hex(4)}"  # several may run in one session
    home.mkdir(mode=0o711)
    password = secrets.token_hex(16)
    server = _start(lambda: Redis(home, any_free_port(), password, when_parent_dies=signal.SIGKILL))
    try:
        yield server
    finally:
        server.kill()


def _start(make: Callable[[], Server]) -> Server:
    # A port that was free when it was probed can be taken before the server binds it.
    for attempt in range(1, _START_ATTEMPTS + 1):
        server = make()
        try:
            server.start()
        except Failure:
            if attempt == _START_ATTEMPTS:
                raise
        else:
            return server
    raise AssertionError


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
