"""Build what a release consists of: images, charts, the command line and their checksums, in dist/release.

The version is the one that the project, its charts and its pages tell already. Nothing is published:
.github/workflows/release.yml does that when a tag v<version> is pushed.
"""

import argparse

from devtools import debian, environment


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.add_argument("version", help="such as 0.1.0")


def run(options: argparse.Namespace) -> int:
    """Become the builder, which reads YAML."""
    debian.install_missing(servers=False)
    environment.run_instead(["-m", "devtools.release", options.version.removeprefix("v")])
