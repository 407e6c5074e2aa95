"""Run Pants 2.17 with settings that reach package registries only: ./dev pants lint check test package ::

Arguments go to Pants; what it needs is fetched first, a Python 3.9 included. With Pants' own launcher (the release in
pants.toml): ./dev pants-lock, then pants ...
"""

import os
import sys

from devtools import debian
from devtools.pants.resolve import write_pex_lock
from devtools.pants.tools import pants_command, pants_variables
from devtools.places import CHECKOUT

PASSES_ARGUMENTS = True


def run(arguments: list[str]) -> int:
    """Become Pants."""
    debian.install_missing(servers="test" in arguments)
    write_pex_lock()
    # `::` alone and whatever is below charts: only these goals run helm.
    charts = any(word == "::" or word.startswith("charts") for word in arguments) and {"lint", "package"} & {*arguments}
    command, variables = pants_command(), pants_variables(charts=bool(charts))
    sys.stdout.flush()
    os.chdir(CHECKOUT)
    os.execve(command[0], [*command, *arguments], variables)
