"""Build what a release consists of: images, charts, the command line and their checksums, in dist/release.

The version is the one that pyproject.toml and the charts tell. Nothing is published: .github/workflows/release.yml does
that when a tag v<version> is pushed.
"""

import argparse

from devtools import debian, release


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.add_argument("version", help="such as 0.1.0")


def run(options: argparse.Namespace) -> int:
    """Build it all."""
    debian.install_missing(servers=False)
    for path in release.build(options.version.removeprefix("v")):
        print(path)
    return 0
