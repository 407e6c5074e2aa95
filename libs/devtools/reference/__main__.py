"""Writes the generated pages below docs/reference, or below a folder that is given; ``./dev generate`` runs it."""

import sys
from pathlib import Path

from devtools.reference import PAGES


def main() -> None:
    """Write each page below the folder that is given, or that of this checkout."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parents[3] / "docs/reference"
    for name, render in PAGES.items():
        (folder / name).write_text(render(), encoding="utf-8")
        print(folder / name)


if __name__ == "__main__":
    main()
