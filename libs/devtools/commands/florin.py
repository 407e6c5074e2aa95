"""Run the command line of Florin with the settings of the running platform.

It shows and changes merchants, keys, payments, deliveries, dead letters, the ledger. All arguments go to it.
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
    asks_only = arguments == ["--version"] or {"-h", "--help"} & {*arguments}
    if state is None and not asks_only:
        raise Failure("The platform was never started here: ./dev up.")
    # Files are named from where the person is, and -P: modules are not taken from there.
    command = ["-P", "-m", "florin_cli.main", *arguments]
    environment.run_instead(command, operator_settings(state) if state else {}, folder=Path.cwd())
