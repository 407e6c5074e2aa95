"""Run the command line of Florin with the settings of the running platform.

./dev florin --help lists what it does: merchants, keys, payments, deliveries, dead letters, the ledger.
"""

from pathlib import Path

from devtools import environment
from devtools.failure import Failure
from devtools.operator_settings import operator_settings
from devtools.state import load_state

PASSES_ARGUMENTS = True


def run(arguments: list[str]) -> int:
    """Become the command line."""
    state = load_state()
    if state is None:
        raise Failure("The platform was never started here: ./dev up.")
    # Files are named from where the person is, and -P: modules are not taken from there.
    command = ["-P", "-m", "florin_cli.main", *arguments]
    environment.run_instead(command, operator_settings(state), folder=Path.cwd())
