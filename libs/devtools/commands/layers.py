"""Check with Pants who imports whom, and say where a wrong import belongs.

./dev lint checks the same with import-linter, in seconds; Pants also looks at what BUILD files name.
"""

import argparse

from devtools import debian
from devtools.layers import refusals
from devtools.screen import Step


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.add_argument("paths", nargs="*", help="files or folders; everything when none is named")


def run(options: argparse.Namespace) -> int:
    """Check them."""
    debian.install_missing(servers=False)
    with Step("Layers, by Pants") as step:
        found = refusals(*options.paths)
        step.progress("FAILED" if found else "passed")
    for refusal in found:
        print(refusal)
    return 1 if found else 0
