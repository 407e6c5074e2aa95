"""Say what runs, on which port, since when.

The exit status is 0 when everything is ready, 1 otherwise.
"""

import argparse
import time

from devtools.places import data_folder
from devtools.screen import dim, styled
from devtools.status import RUNNING, read_status

_COLOURS = {"ready": "32", "crashed": "31"}


def run(options: argparse.Namespace) -> int:
    """Show the platform's processes."""
    folder = data_folder()
    status = read_status(folder)
    print(f"Florin is {status.phase}. {status.message}".rstrip())
    if status.phase == RUNNING or status.units:
        print(dim(f"  {'':15}{'':10}{'port':>6}{'pid':>9}  {'since':10}restarts"))
    for unit in status.units:
        since = time.strftime("%H:%M:%S", time.localtime(unit.since)) if unit.since else "-"
        state = styled(f"{unit.state:10}", _COLOURS.get(unit.state, "33"))
        print(f"  {unit.name:15}{state}{unit.port:>6}{unit.pid or '-':>9}  {since:10}{unit.restarts or ''}")
    print(dim(f"  data and logs: {folder}"))
    return 0 if status.phase == RUNNING and all(unit.state == "ready" for unit in status.units) else 1
