"""Measure Florin beside the same rows written directly and the same job done with FastAPI and SQLAlchemy.

Payments a second, processor time and commits a payment, and latencies, with 1, 32 and 128 callers, all on one private
MariaDB with its durable settings and against the same acquirer; then whether what was measured was also done. Prints
tables, writes numbers and a chart. docs/benchmark.md says what they mean.
"""

import argparse
import json

from devtools import debian, environment
from devtools.places import CHECKOUT

LOCK = CHECKOUT / "3rdparty" / "python" / "bench.lock.txt"
_OUTPUT = CHECKOUT / "dist" / "bench"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.add_argument("--quick", action="store_true", help="a short run: 2 rounds of 1 s")
    parser.add_argument("--rounds", type=int, default=7, help="how often everything is measured (default 7)")
    parser.add_argument("--seconds", type=float, default=3.0, help="how long each measurement takes (default 3)")
    parser.add_argument("--profile", action="store_true", help="show where the processor time of payments goes, too")
    parser.add_argument("--output", default=str(_OUTPUT), help="folder for result.json and chart.svg (dist/bench)")
    parser.add_argument("--publish", action="store_true", help="write the result into docs/benchmark.md and its chart")


def run(options: argparse.Namespace) -> int:
    """Become the benchmark."""
    debian.install_missing(servers=True)
    debian.make_server_account()
    plan = vars(options) | {"orm_python": str(environment.environment_python(LOCK))}
    if plan.pop("quick"):
        plan |= {"rounds": 2, "seconds": 1.0}
    environment.run_instead(["-m", "tests.benchmarks.run", json.dumps(plan)])
