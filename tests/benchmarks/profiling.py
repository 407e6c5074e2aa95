"""Where the processor time of payments goes: py-spy's samples of the process, by the part that was at work.

Only what holds the interpreter is sampled, so that waiting counts for nobody. A sample counts for the innermost frame
that belongs to a part; frames of the standard library count for their caller, and the event loop's own are its own.
"""

import re
import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from devtools.failure import Failure

_RATE_HZ = 200
_PARTS = {
    "rules (payments.domain)": r"services/payments/domain/",
    "rows and JSON": r"payments/(store/(statements|encoding|spending)|operations/replies)\.py|database/literals",
    "MySQL protocol (aiomysql, PyMySQL)": r"/(aiomysql|pymysql)/|libs/florin/database/",
    "acquirer called (aiohttp)": r"/(aiohttp|yarl|multidict)/|services/payments/gateways/",
    "events published (relay, Redis)": r"/redis/|libs/florin/(outbox|streams|inbox|leases)/",
    "logs, traces, metrics": r"libs/florin/telemetry/|/(opentelemetry|prometheus_client|logging)/",
    "HTTP frame (Litestar, uvicorn)": r"/(litestar|uvicorn|httptools)/|libs/florin/service/|services/payments/api/",
    "operations and committer": r"services/payments/|libs/florin/",
}
_ELSE = "event loop"
_LOOP = "asyncio/runners.py"
"""What is outside of this frame started the process and is at work for nothing in particular."""


@contextmanager
def profiled(py_spy: Path, pid: int, seconds: float, output: Path) -> Iterator[None]:
    """Sample a process while the block runs, for ``seconds``; ``output`` is in the collapsed form of flame graphs."""
    argv = [str(py_spy), "record", "--pid", str(pid), "--duration", str(round(seconds)), "--rate", str(_RATE_HZ)]
    argv += ["--gil", "--format", "raw", "--full-filenames", "--output", str(output)]
    sampler = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        yield
        said, _ = sampler.communicate(timeout=seconds + 30)
    finally:
        sampler.kill()
    if sampler.returncode != 0:
        raise Failure(f"py-spy could not sample payments (it may need root's rights):\n{said.strip()}")


def shares(output: Path) -> dict[str, float]:
    """The share of each part, the largest first."""
    counted: Counter[str] = Counter()
    for line in output.read_text().splitlines():
        stack, _, samples = line.rpartition(" ")
        counted[_part_of(stack.split(";"))] += int(samples)
    return {part: count / counted.total() for part, count in counted.most_common()}


def _part_of(frames: list[str]) -> str:
    for frame in reversed(frames):
        if _LOOP in frame:
            break
        for part, pattern in _PARTS.items():
            if re.search(pattern, frame):
                return part
    return _ELSE
