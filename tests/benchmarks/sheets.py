"""A result as tables and sentences, for the terminal and for the page alike."""

from collections.abc import Iterator

from msgspec import Struct
from tests.benchmarks import comparing
from tests.benchmarks.comparing import Figure, Spread, ratio, spread, targets
from tests.benchmarks.results import FLORIN_SERVICES, LEVELS, SERVICE, SUBJECTS, HalfLoad, Result

_FIGURES: dict[str, Figure] = {
    "payments/s": comparing.payments_per_s,
    "CPU ms, service": comparing.service_cpu_ms,
    "CPU ms, all services": comparing.platform_cpu_ms,
    "CPU ms, database": comparing.database_cpu_ms,
    "commits, service": comparing.service_commits,
    "commits, all": comparing.all_commits,
    "p50 ms": comparing.p50_ms,
    "p99 ms": comparing.p99_ms,
    "webhook p50 ms": comparing.webhook_p50_ms,
    "webhook p99 ms": comparing.webhook_p99_ms,
}
_RATIOS: tuple[tuple[str, str, str, Figure], ...] = (
    ("payments/s, a/c", "a", "c", comparing.payments_per_s),
    ("payments/s, a/b", "a", "b", comparing.payments_per_s),
    ("CPU of the service, a/c", "a", "c", comparing.service_cpu_ms),
    ("CPU of all services, a/c", "a", "c", comparing.platform_cpu_ms),
    ("CPU of the database, a/c", "a", "c", comparing.database_cpu_ms),
    ("CPU of the database, a/b", "a", "b", comparing.database_cpu_ms),
)


class Sheet(Struct, frozen=True):
    """A table."""

    title: str
    head: list[str]
    rows: list[list[str]]


def sheets(result: Result) -> Iterator[Sheet]:
    """All tables of a result."""
    yield Sheet("Medians of the rounds, costs for one payment", ["callers", "", *_FIGURES], _figures(result))
    levels = [f"at {level}" for level in LEVELS]
    yield Sheet("Ratios of each round: median (least-most)", ["", *levels], _ratios(result))
    reached = [["yes" if t.met else "NO", t.what, t.limit, show_spread(t.found)] for t in targets(result)]
    yield Sheet("To be reached", ["reached", "", "limit", "found"], reached)
    if result.profile:
        parts = [[part, f"{share:.0%}"] for part, share in result.profile.items()]
        yield Sheet("Where the processor time of payments goes, at 32 callers", ["part", "share"], parts)


def sentences(result: Result) -> list[str]:
    """What no table holds."""
    claim, outcome = result.rows["claim"], result.rows["outcome"]
    half = {name: comparing.half_load(result, name).median for name in HalfLoad.__struct_fields__}
    elsewhere = Spread.of([m.elsewhere for m in result.measurements])
    standing = Spread.of([m.standing_by for m in result.measurements])
    return [
        f"At half load ({half['payments_per_s']:.0f} payments/s, open loop) the API's p50 is "
        f"{half['api_p50_ms']:.1f} ms, its p99 {half['api_p99_ms']:.1f} ms. Webhooks came "
        f"{half['webhook_p50_ms']:.1f} ms (p50) and {half['webhook_p99_ms']:.1f} ms (p99) after the decision that they "
        f"tell of, {half['webhook_from_answer_p99_ms']:.1f} ms (p99) after the answer: medians of the rounds.",
        f"A payment in (a) and (b) writes {claim} rows with its claim and {outcome} with its outcome.",
        f"Processes counted. Service: {', '.join(f'({letter}) {name}' for letter, name in SERVICE.items())}. All "
        f"services: (a) {', '.join(FLORIN_SERVICES)}; (b) and (c) the same one. Database: mariadbd. In the JSON only: "
        "redis, acquirer, load, receiver.",
        f"Other programs had {elsewhere.median:.0%} of the machine ({elsewhere.least:.0%} to {elsewhere.most:.0%}), "
        f"the subjects that stood by {standing.median:.0%} ({standing.least:.0%} to {standing.most:.0%}).",
    ]


def show_spread(found: Spread) -> str:
    """The median with its extremes."""
    return f"{found.median:.2f} ({found.least:.2f}-{found.most:.2f})"


def show_figure(value: float) -> str:
    """Three digits or so; a dash for what a subject has none of."""
    if not value:
        return "-"
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def _figures(result: Result) -> list[list[str]]:
    rows = []
    for level in LEVELS:
        for letter, title in SUBJECTS.items():
            medians = [show_figure(spread(result, letter, level, figure).median) for figure in _FIGURES.values()]
            rows.append([str(level), f"({letter}) {title}", *medians])
    return rows


def _ratios(result: Result) -> list[list[str]]:
    return [
        [name, *(show_spread(ratio(result, subject, other, level, figure)) for level in LEVELS)]
        for name, subject, other, figure in _RATIOS
    ]
