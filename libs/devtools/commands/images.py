"""Build the images of all programs: by Docker where it works, else by buildah. Prints their names.

Tags are hashes of what is inside. Archives for docker load, ctr images import and kind load are kept in the cache.
"""

import argparse

from devtools import debian
from devtools.images import PROGRAMS, archive_of, build_images


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.add_argument(
        "programs", nargs="*", metavar="program", help=f"some of {', '.join(PROGRAMS)}; all when none is named"
    )


def run(options: argparse.Namespace) -> int:
    """Build them."""
    debian.install_missing(servers=False)
    for image in build_images(options.programs or tuple(PROGRAMS)).values():
        print(f"{image}  {archive_of(image)}")
    return 0
