"""Writes docs/reference/errors.md from the code of every service; ``./dev generate`` runs it."""

import importlib
import pkgutil
import sys
from pathlib import Path

from florin.service.reference import error_pages, errors_markdown

PACKAGES = ("florin", "payments", "merchants", "notifications")
"""Without the simulator: it plays an outside party, whose codes are its own and may have the names of ours."""


def load_everything() -> None:
    """Import every module of the house, so that every error class exists."""
    for name in PACKAGES:
        try:
            package = importlib.import_module(name)
        except ModuleNotFoundError as error:
            if error.name != name:
                raise
            continue
        for module in pkgutil.walk_packages(package.__path__, f"{name}."):
            if not module.name.endswith((".main", ".__main__", ".write_reference")):
                importlib.import_module(module.name)


def main() -> None:
    """Write the page below the current folder, or to the path that is given."""
    target = Path(sys.argv[1] if len(sys.argv) > 1 else "docs/reference/errors.md")
    load_everything()
    target.write_text(errors_markdown(error_pages(*PACKAGES)), encoding="utf-8")


if __name__ == "__main__":
    main()
