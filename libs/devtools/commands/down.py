"""Stop everything, in order, nothing lost.

The services drain, then Redis and MariaDB write what they hold. The data stays; ./dev up continues with it.
"""

import argparse

from devtools.places import data_folder
from devtools.stopping import stop_platform


def run(options: argparse.Namespace) -> int:
    """Stop the platform."""
    if not stop_platform(data_folder()):
        print("Nothing is running.")
    return 0
