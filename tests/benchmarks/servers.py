"""What every subject uses: a MariaDB as ``./dev up`` starts it, a Redis, and the benchmark's own programs."""

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from msgspec import Struct
from tests.benchmarks.programs import Program
from tests.support.servers import MariaDBServer, running_mariadb, running_redis, temporary_folder

from devtools.failure import Failure
from devtools.redis import Redis

ACQUIRER_LATENCY_MS = 5
_DURABLE = {"sync_binlog": 1, "innodb_flush_log_at_trx_commit": 1, "log_bin": 1, "innodb_doublewrite": 1}


class Servers(Struct):
    """Everything that runs beside a subject. Each is on loopback, with fresh data."""

    folder: Path
    mariadb: MariaDBServer
    redis: Redis
    acquirer: Program
    load: Program
    receiver: Program

    @property
    def processes(self) -> dict[str, int]:
        """Process ids by name."""
        programs = (self.acquirer, self.load, self.receiver)
        own = {program.name: program.pid for program in programs}
        return {"mariadbd": self.mariadb.pid, "redis": self.redis.pid, **own}


@contextmanager
def open_servers() -> Iterator[Servers]:
    """Start everything; at the end it is gone with its data."""
    with (
        temporary_folder() as folder,
        running_mariadb(folder) as mariadb,
        running_redis(folder) as redis,
        ExitStack() as own,
    ):

        def start(name: str, *arguments: str) -> Program:
            program = Program(name, [sys.executable, "-m", f"tests.benchmarks.{name}", "{port}", *arguments], folder)
            own.callback(program.stop)
            return program

        yield Servers(
            folder=folder,
            mariadb=mariadb,
            redis=redis,
            acquirer=start("acquirer", str(ACQUIRER_LATENCY_MS)),
            load=start("load"),
            receiver=start("receiver"),
        )


def durable_settings(mariadb: MariaDBServer) -> dict[str, Any]:
    """How the server itself says that it keeps what it has acknowledged. Raises Failure where that is not durable."""
    said = {name: int(mariadb.execute(f"SELECT @@{name}")[0][0]) for name in _DURABLE}  # type: ignore[call-overload]
    if said != _DURABLE:
        raise Failure(f"The database is not durable, so nothing is measured: {said}, not {_DURABLE}.")
    return said
