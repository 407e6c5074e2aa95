"""Running Pants from our own commands."""

import subprocess
from collections.abc import Sequence

from devtools.failure import Failure
from devtools.pants.resolve import write_pex_lock
from devtools.pants.tools import pants_command, pants_variables
from devtools.places import CHECKOUT
from devtools.screen import Step


def package(targets: Sequence[str]) -> None:
    """Write the PEX files of targets below ``dist/``."""
    write_pex_lock()
    with Step(f"PEX files of {', '.join(target.split(':')[0] for target in targets)}"):
        argv = [*pants_command(), "--no-dynamic-ui", "package", *targets]
        done = subprocess.run(argv, cwd=CHECKOUT, env=pants_variables(), capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise Failure(f"Pants could not package them:\n{done.stdout}{done.stderr}")
