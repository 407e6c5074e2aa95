"""Where a benchmark ran: processor, kernel, releases of what took part."""

import json
import os
import platform
import subprocess
from pathlib import Path

from tests.benchmarks.results import Machine
from tests.benchmarks.servers import Servers, durable_settings

from devtools.places import CHECKOUT

_PACKAGES = ("aiohttp", "aiomysql", "fastapi", "litestar", "msgspec", "pydantic", "sqlalchemy", "uvicorn", "uvloop")
_TELL_VERSIONS = (
    "import importlib.metadata as m, json, sys; names = [d.name.lower() for d in m.distributions()];"
    "print(json.dumps({n: m.version(n) for n in sys.argv[1:] if n in names}))"
)


def describe(servers: Servers, pythons: tuple[str, ...]) -> Machine:
    """This machine. ``pythons`` are the interpreters whose packages took part."""
    versions: dict[str, str] = {}
    for python in pythons:
        versions |= json.loads(_said([python, "-c", _TELL_VERSIONS, *_PACKAGES]))
    versions["mariadb"] = str(servers.mariadb.execute("SELECT VERSION()")[0][0])
    return Machine(
        processor=_processor(),
        cores=os.cpu_count() or 1,
        kernel=platform.release(),
        python=platform.python_version(),
        commit=_said(["git", "-C", str(CHECKOUT), "describe", "--always", "--dirty"]),
        versions=dict(sorted(versions.items())),
        database=durable_settings(servers.mariadb),
    )


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _said(argv: list[str]) -> str:
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else ""
