"""The chart of a result: an SVG that can be read on light and on dark pages."""

from collections.abc import Callable, Iterator
from xml.sax.saxutils import escape

from tests.benchmarks import comparing
from tests.benchmarks.comparing import Spread, ratio, spread
from tests.benchmarks.results import LEVELS, SUBJECTS, Result
from tests.benchmarks.sheets import show_figure

_WIDTH, _HEIGHT = 960, 410
_TOP, _PLOT = 112, 214
_PANEL_WIDTH, _PANEL_GAP = 280, 30
_BAR, _BAR_GAP, _GROUP_GAP = 22, 4, 24
_STYLE = """
  text { font: 13px system-ui, sans-serif; fill: #24292f }
  .title { font-size: 17px; font-weight: 600 } .head { font-weight: 600 } .small { font-size: 11px; fill: #57606a }
  .value { font-size: 10px; text-anchor: middle } .middle { text-anchor: middle }
  .a { fill: #0969da } .b { fill: #8c959f } .c { fill: #d4762c } .light { opacity: .5 }
  .axis, .spread { stroke: #57606a; stroke-width: 1 }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 } .small { fill: #9198a1 } .axis, .spread { stroke: #9198a1 }
    .a { fill: #4493f8 } .b { fill: #7d8590 } .c { fill: #e0823d }
  }
"""
Bar = tuple[list[float], Spread]
"""The parts that are stacked, lowest first, and the spread of their sum."""


def draw(result: Result) -> str:
    """The whole picture."""
    panels = (
        ("Payments per second", lambda letter, level: _stacked(result, letter, level, comparing.payments_per_s)),
        ("CPU per payment, ms", lambda letter, level: _cpu(result, letter, level)),
        ("Commits per payment", lambda letter, level: _stacked(result, letter, level, comparing.all_commits)),
    )
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="Benchmark">',
        f"<style>{_STYLE}</style>",
        f'<text class="title" x="30" y="30">{escape(_title(result))}</text>',
        *_legend(),
    ]
    for number, (title, bar) in enumerate(panels):
        parts += _panel(30 + number * (_PANEL_WIDTH + _PANEL_GAP), title, bar)
    parts.append(f'<text class="small" x="30" y="{_HEIGHT - 14}">{escape(_footnote(result))}</text>')
    return "\n".join([*parts, "</svg>"]) + "\n"


def _title(result: Result) -> str:
    by_b, by_c = (ratio(result, "a", other, 32, comparing.payments_per_s).median for other in ("b", "c"))
    return f"At 32 callers (a) takes {by_c:.1f} times the payments of (c), and {by_b:.2f} times those of (b)"


def _footnote(result: Result) -> str:
    return (
        f"Medians of {result.rounds} interleaved rounds with their extremes; {result.machine.cores} cores for all, "
        f"MariaDB with every commit synced, acquirer of {result.acquirer_ms} ms. (a) also delivers webhooks meanwhile."
    )


def _legend() -> Iterator[str]:
    x = 30
    for letter, title in SUBJECTS.items():
        yield f'<rect class="{letter}" x="{x}" y="46" width="12" height="12"/>'
        yield f'<text x="{x + 18}" y="57">({letter}) {escape(title)}</text>'
        x += 60 + 8 * len(title)
    yield f'<text class="small" x="{x}" y="57">CPU: all of its processes; paler: the database</text>'


def _panel(left: int, title: str, bar: Callable[[str, int], Bar]) -> Iterator[str]:
    bars = {(level, letter): bar(letter, level) for level in LEVELS for letter in SUBJECTS}
    most = max(found.most for _, found in bars.values())
    scale, floor = _PLOT / most, _TOP + _PLOT
    yield f'<text class="head" x="{left}" y="{_TOP - 26}">{escape(title)}</text>'
    x = left
    for level in LEVELS:
        middle = x + (len(SUBJECTS) * (_BAR + _BAR_GAP) - _BAR_GAP) / 2
        yield f'<text class="middle" x="{middle}" y="{floor + 18}">{level}</text>'
        for letter in SUBJECTS:
            yield from _bar(x, floor, scale, letter, bars[level, letter])
            x += _BAR + _BAR_GAP
        x += _GROUP_GAP - _BAR_GAP
    yield f'<line class="axis" x1="{left}" y1="{floor}" x2="{x - _GROUP_GAP}" y2="{floor}"/>'
    yield f'<text class="small" x="{left}" y="{floor + 36}">callers at once</text>'


def _bar(x: int, floor: int, scale: float, letter: str, bar: Bar) -> Iterator[str]:
    values, found = bar
    y = float(floor)
    for place, value in enumerate(values):
        height = value * scale
        y -= height
        shade = f"{letter} light" if place else letter
        yield f'<rect class="{shade}" x="{x}" y="{y:.1f}" width="{_BAR}" height="{height:.1f}"/>'
    middle = x + _BAR / 2
    top, bottom = floor - found.most * scale, floor - found.least * scale
    yield f'<line class="spread" x1="{middle}" y1="{top:.1f}" x2="{middle}" y2="{bottom:.1f}"/>'
    yield f'<text class="value" x="{middle}" y="{min(y, top) - 4:.1f}">{show_figure(sum(values))}</text>'


def _stacked(result: Result, letter: str, level: int, figure: comparing.Figure) -> Bar:
    found = spread(result, letter, level, figure)
    return [found.median], found


def _cpu(result: Result, letter: str, level: int) -> Bar:
    parts = (comparing.platform_cpu_ms, comparing.database_cpu_ms)
    both = spread(result, letter, level, lambda m: sum(part(m) for part in parts))
    return [spread(result, letter, level, part).median for part in parts], both
