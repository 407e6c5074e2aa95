"""Prove the ledger: every transaction sums to zero, every balance is the sum of its entries.

Asks the running payments service to read its whole ledger. Exit status 1, with the rows that break it, when it does
not hold.
"""

import argparse
import json

from devtools.demo.client import Client, UnexpectedAnswer
from devtools.failure import Failure
from devtools.state import load_state


def run(options: argparse.Namespace) -> int:
    """Check the whole ledger."""
    state = load_state()
    if state is None:
        raise Failure("The platform was never started here: ./dev up.")
    payments = Client(state.url("payments"), state.secrets["admin_token"])
    try:
        report = payments.must("GET", "/admin/v1/ledger/check").json
    except UnexpectedAnswer as answer:
        raise Failure(str(answer)) from None
    except OSError as error:
        raise Failure(f"payments does not answer ({error}): ./dev status says how it is.") from None
    for fault in report["faults"]:
        print(f"{fault['rule']}: {json.dumps(fault['row'])}")
    size = f"{report['transactions']} transactions with {report['entries']} entries"
    print(f"{size}: {len(report['faults'])} rows break a rule." if report["faults"] else f"{size}: all is in balance.")
    return 1 if report["faults"] else 0
