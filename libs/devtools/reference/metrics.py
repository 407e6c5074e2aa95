"""docs/reference/metrics.md: what the services tell Prometheus."""

from devtools.reference.described import PROGRAMS, SERVICES, Metric, description_of

_HEAD = """# Metrics

Every service and the operator answer `GET /metrics` in Prometheus's text format, without a token: keep the port
inside. Beside these there are `python_*` and `process_*` of the client library.
[Alerts](../operations/alerts.yaml) are made of them; each has a [runbook](../runbooks/README.md).
A histogram has `_bucket`, `_sum` and `_count`. Where several replicas tell the
same number (what waits, what is oldest), take the `max` of them.

This page is made from the code: `./dev generate`.
"""


def render() -> str:
    """The page."""
    found = {program: description_of(program).metrics for program in PROGRAMS}
    everywhere = set.intersection(*(set(found[service]) for service in SERVICES))
    several = {metric for metrics in found.values() for metric in metrics if metric not in everywhere}
    owners = {m: [service for service, metrics in found.items() if m in metrics] for m in several}
    lines = [_HEAD, *_section("Every service", sorted(everywhere))]
    for names in sorted(set(map(tuple, owners.values())), key=lambda names: (-len(names), names)):
        lines += _section(_and(names), sorted(m for m, owner in owners.items() if tuple(owner) == names))
    return "\n".join(lines)


def _section(title: str, metrics: list[Metric]) -> list[str]:
    return [f"## {title}", "| metric | type | labels | meaning |", "|---|---|---|---|", *(m.row() for m in metrics), ""]


def _and(names: tuple[str, ...]) -> str:
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))
