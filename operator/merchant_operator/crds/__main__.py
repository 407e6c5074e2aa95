"""Writes the definitions into the chart, and their page of the reference; ``./dev generate`` runs it."""

from pathlib import Path

from merchant_operator.crds.documents import DOCUMENTS

ROOT = Path(__file__).parents[3]


def main() -> None:
    """Write every document."""
    for path, render in DOCUMENTS.items():
        (ROOT / path).parent.mkdir(parents=True, exist_ok=True)
        (ROOT / path).write_text(render(), encoding="utf-8")


if __name__ == "__main__":
    main()
