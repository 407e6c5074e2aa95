"""Tell the story of a payment in the terminal, against the running platform.

A payment, a repeated key, a decline, partial captures and refunds, the ledger, the verified webhook, and an acquirer
that times out after it charged. Exit status 1 when a step is not as told.
"""

import argparse

from devtools import environment
from devtools.failure import Failure
from devtools.operator_settings import demo_settings
from devtools.state import load_state
from devtools.status import RUNNING, read_status


def run(options: argparse.Namespace) -> int:
    """Become the story."""
    state = load_state()
    if state is None or read_status(state.folder).phase != RUNNING:
        raise Failure("The platform is not running: ./dev up --detach (or ./dev up in another terminal).")
    environment.run_instead(["-m", "devtools.demo.story"], demo_settings(state))
