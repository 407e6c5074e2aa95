"""Show the end of the logs, of one process or of all.

Services write JSON lines with a request id; ./dev logs payments -f | grep req_... follows one request.
"""

import argparse
import time
from pathlib import Path

from devtools.failure import Failure
from devtools.places import data_folder
from devtools.screen import dim
from devtools.topology import SERVICES

_FILES = {name: f"logs/{name}.log" for name in ("supervisor", *SERVICES)} | {
    "mariadb": "mariadb/mariadb.log",
    "redis": "redis/redis.log",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.add_argument("name", nargs="?", choices=sorted(_FILES), help="one process; all without it")
    parser.add_argument("-f", "--follow", action="store_true", help="keep showing what is written")
    parser.add_argument("-n", "--lines", type=int, default=20, metavar="N", help="lines of each (20)")


def run(options: argparse.Namespace) -> int:
    """Show logs."""
    folder = data_folder()
    wanted = {options.name: _FILES[options.name]} if options.name else _FILES
    logs = {name: folder / file for name, file in wanted.items() if (folder / file).exists()}
    if not logs:
        raise Failure("There are no logs yet: ./dev up makes them.")
    ends = {}
    for name, log in logs.items():
        ends[name] = log.stat().st_size
        for line in _last_lines(log, options.lines):
            _show(name, line, len(logs) > 1)
    while options.follow:
        time.sleep(0.3)
        for name, log in logs.items():
            ends[name] = _show_new(name, log, ends[name], len(logs) > 1)
    return 0


def _last_lines(log: Path, count: int) -> list[str]:
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - 400 * max(count, 1) - 4096))
        return file.read().decode(errors="replace").splitlines()[-count:] if count > 0 else []


def _show_new(name: str, log: Path, end: int, several: bool) -> int:
    size = log.stat().st_size
    if size == end:
        return end
    with log.open("rb") as file:
        file.seek(end if size > end else 0)
        new = file.read()
    complete = new[: new.rfind(b"\n") + 1]
    for line in complete.decode(errors="replace").splitlines():
        _show(name, line, several)
    return (end if size > end else 0) + len(complete)


def _show(name: str, line: str, several: bool) -> None:
    print(f"{dim(f'{name:14}')}{line}" if several else line, flush=True)
