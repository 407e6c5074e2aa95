"""Medians, ratios with their spread, and what was to be reached."""

import statistics
from collections.abc import Callable

from msgspec import Struct
from tests.benchmarks.results import FLORIN_SERVICES, SERVICE, Measurement, Result

Figure = Callable[[Measurement], float]


class Spread(Struct, frozen=True):
    """A figure over the rounds."""

    median: float
    least: float
    most: float

    @classmethod
    def of(cls, values: list[float]) -> "Spread":
        """Of at least one value."""
        return cls(statistics.median(values), min(values), max(values))


class Target(Struct, frozen=True):
    """What the platform is to reach, and whether it does: by the median of the rounds."""

    what: str
    limit: str
    found: Spread
    met: bool


def payments_per_s(m: Measurement) -> float:
    """Throughput."""
    return m.payments_per_s


def service_cpu_ms(m: Measurement) -> float:
    """Processor time of the process that does the compared job."""
    return m.cpu_ms[SERVICE[m.subject]]


def platform_cpu_ms(m: Measurement) -> float:
    """Processor time of all of a subject's own processes."""
    return sum(m.cpu_ms[name] for name in FLORIN_SERVICES) if m.subject == "a" else service_cpu_ms(m)


def database_cpu_ms(m: Measurement) -> float:
    """Processor time of the database server."""
    return m.cpu_ms["mariadbd"]


def service_commits(m: Measurement) -> float:
    """Transactions on the tables of the process that does the compared job."""
    return m.commits.get(SERVICE[m.subject], 0.0)


def all_commits(m: Measurement) -> float:
    """Transactions of all of a subject's processes."""
    if m.subject == "a":
        return sum(m.commits.get(name, 0.0) for name in FLORIN_SERVICES)
    return service_commits(m)


def p50_ms(m: Measurement) -> float:
    """What half of the callers waited, at most."""
    return m.p50_ms


def p99_ms(m: Measurement) -> float:
    """What all but a hundredth of the callers waited, at most."""
    return m.p99_ms


def webhook_p50_ms(m: Measurement) -> float:
    """How late half of the webhooks came, at most."""
    return m.webhook_p50_ms


def webhook_p99_ms(m: Measurement) -> float:
    """How late all but a hundredth of the webhooks came, at most."""
    return m.webhook_p99_ms


def half_load(result: Result, figure: str) -> Spread:
    """A figure of the open loop over the rounds."""
    return Spread.of([getattr(found, figure) for found in result.half_loads])


def spread(result: Result, subject: str, callers: int, figure: Figure) -> Spread:
    """A figure of a subject over the rounds."""
    return Spread.of([figure(m) for m in result.of(subject, callers)])


def ratio(result: Result, subject: str, other: str, callers: int, figure: Figure) -> Spread:
    """A subject's figure by another's, each round by itself: what disturbs a round disturbs both."""
    pairs = zip(result.of(subject, callers), result.of(other, callers), strict=True)
    return Spread.of([figure(mine) / max(figure(theirs), 1e-9) for mine, theirs in pairs])


def targets(result: Result) -> list[Target]:
    """What was to be reached with one payments process."""
    faster = ratio(result, "a", "c", 32, payments_per_s)
    cheaper = ratio(result, "a", "c", 32, service_cpu_ms)
    near = ratio(result, "a", "b", 32, payments_per_s)
    grouped = spread(result, "a", 128, all_commits)
    late = Spread.of([half.webhook_p99_ms / half.api_p99_ms for half in result.half_loads])
    return [
        Target("payments a second at 32, by those of (c)", "at least 4", faster, faster.median >= 4),
        Target(
            "processor time a payment of payments at 32, by that of (c)",
            "at most 0.25",
            cheaper,
            cheaper.median <= 0.25,
        ),
        Target("payments a second at 32, by those of (b)", "at least 0.5", near, near.median >= 0.5),
        Target("commits a payment at 128, of all services", "under 0.4", grouped, grouped.median < 0.4),
        Target("p99 of webhooks at half load, by the API's", "at most 2", late, late.median <= 2),
    ]
