"""What each service says of itself, asked once.

Each is asked in a process of its own, as they run: what it counts is what its modules declare, and the simulator, which
plays an outside party, has errors of its own under names of ours.
"""

import subprocess
import sys
from functools import cache
from typing import Any

import msgspec

from devtools.environment import variables

SERVICES = ("payments", "merchants", "notifications", "simulator")
PROGRAMS = (*SERVICES, "operator")
"""What tells Prometheus something."""


class Metric(msgspec.Struct, frozen=True, order=True):
    """One family of series."""

    name: str
    type: str
    labels: tuple[str, ...]
    meaning: str

    def row(self) -> str:
        """Its line of a table."""
        return f"| `{self.name}` | {self.type} | {', '.join(self.labels)} | {self.meaning} |"


class Description(msgspec.Struct, frozen=True):
    """What one program tells: Prometheus, and those who call it. The operator is called by nobody's program."""

    metrics: list[Metric]
    openapi: dict[str, Any]


@cache
def description_of(service: str) -> Description:
    """What a service says of itself; metrics by name."""
    done = subprocess.run(
        [sys.executable, "-m", "devtools.reference.self_description", service],
        env=variables(),
        check=True,
        stdout=subprocess.PIPE,
    )
    description = msgspec.json.decode(done.stdout, type=Description)
    description.metrics.sort()
    return description
