"""Writes every chart's values.schema.json and the table in its README."""

import sys

from devtools.charts.written import written_files


def main() -> None:
    """Write what differs, and name it."""
    for file, text in written_files().items():
        if not file.exists() or file.read_text() != text:
            file.write_text(text)
            sys.stdout.write(f"{file}\n")


if __name__ == "__main__":
    main()
