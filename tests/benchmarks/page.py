"""The published result: numbers, chart, and the tables in ``docs/benchmark.md``, all made from one ``result.json``.

``python -m tests.benchmarks.page`` makes chart and tables anew from the numbers that are there.
"""

import re
from collections.abc import Iterator

import msgspec
from tests.benchmarks.chart import draw
from tests.benchmarks.results import Result
from tests.benchmarks.sheets import sentences, sheets

from devtools.places import CHECKOUT

PAGE = CHECKOUT / "docs" / "benchmark.md"
NUMBERS = CHECKOUT / "docs" / "pictures" / "benchmark.json"
CHART = CHECKOUT / "docs" / "pictures" / "benchmark.svg"
_MEASURED = re.compile(r"(?<=<!-- measured -->\n).*(?=<!-- end -->)", re.S)


def write_page(result: Result) -> None:
    """Publish a result."""
    NUMBERS.parent.mkdir(exist_ok=True)
    NUMBERS.write_bytes(msgspec.json.format(msgspec.json.encode(result)) + b"\n")
    CHART.write_text(draw(result))
    PAGE.write_text(_MEASURED.sub(lambda _: measured(result), PAGE.read_text()))


def published() -> Result:
    """The result that is published."""
    return msgspec.json.decode(NUMBERS.read_bytes(), type=Result)


def measured(result: Result) -> str:
    """The part of the page that comes from the numbers."""
    return "\n".join(_lines(result)) + "\n"


def _lines(result: Result) -> Iterator[str]:
    machine = result.machine
    releases = ", ".join(f"{name} {release}" for name, release in machine.versions.items())
    yield f"Measured {result.began[:10]} at commit `{machine.commit}` on {machine.processor}, {machine.cores} cores,"
    yield f"Python {machine.python}; {releases}. {result.rounds} rounds of {result.seconds:g} s for each figure."
    for sheet in sheets(result):
        yield f"\n### {sheet.title}"
        yield f"| {' | '.join(sheet.head)} |"
        yield "|" + "---|" * len(sheet.head)
        yield from (f"| {' | '.join(row)} |" for row in sheet.rows)
    yield ""
    yield from (f"- {sentence}" for sentence in sentences(result))


if __name__ == "__main__":
    write_page(published())
