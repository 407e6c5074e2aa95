"""Stop everything and forget this checkout's data, after asking.

Payments, merchants, keys, passwords and logs of the private instances go. The Python environment stays.
"""

import argparse
import shutil
import sys

from devtools.failure import Failure
from devtools.places import data_folder
from devtools.stopping import stop_platform


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.add_argument("--yes", action="store_true", help="do not ask")


def run(options: argparse.Namespace) -> int:
    """Forget the data."""
    folder = data_folder()
    if not folder.exists():
        print("There is nothing to forget.")
        return 0
    if not options.yes:
        if not sys.stdin.isatty():
            raise Failure("Nobody is there to ask; ./dev reset --yes forgets the data without asking.")
        if input(f"Forget all data in {folder}? [y/N] ").strip().lower() not in ("y", "yes"):
            print("Nothing was changed.")
            return 1
    stop_platform(folder)
    shutil.rmtree(folder)
    print("Forgotten. ./dev up begins anew.")
    return 0
