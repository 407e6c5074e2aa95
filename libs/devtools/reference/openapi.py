"""docs/reference/openapi/: the OpenAPI document of each service.

Each is made in a process of its own, as services run: the simulator plays an outside party, and has errors of its own
under names of ours.
"""

import os
import subprocess
import sys
from functools import partial

SERVICES = ("payments", "merchants", "notifications", "simulator")


def render(service: str) -> str:
    """The text of a service's document."""
    done = subprocess.run(
        [sys.executable, "-m", "devtools.reference.openapi_document", service],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    return done.stdout


PAGES = {f"openapi/{service}.json": partial(render, service) for service in SERVICES}
