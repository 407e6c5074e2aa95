"""Write the lock that Pants reads, 3rdparty/python/default.lock, from the one lock.

./dev pants does it by itself. With Pants' own launcher run this first, and again when default.lock.txt changed.
"""

import argparse

from devtools import debian
from devtools.pants.resolve import write_pex_lock
from devtools.places import CHECKOUT


def run(options: argparse.Namespace) -> int:
    """Write it."""
    debian.install_missing(servers=False)
    print(f"{write_pex_lock().relative_to(CHECKOUT)} is up to date.")
    return 0
