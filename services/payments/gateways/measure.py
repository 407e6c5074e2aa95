"""What connectors tell Prometheus."""

from collections.abc import Callable

from prometheus_client import Gauge, Histogram

CALLS = Histogram(
    "florin_acquirer_call_duration_seconds",
    "Calls to an acquirer, by what came of them: Approved, Declined, Pending, Unknown, NotSent, NotFound.",
    ["connector", "call", "outcome"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)
_BREAKER_OPEN = Gauge(
    "florin_acquirer_breaker_open", "1 while calls to an acquirer are withheld because it keeps failing.", ["connector"]
)


def watch_breaker(connector: str, is_open: Callable[[], bool]) -> None:
    """Show a connector's breaker, in place of the one that it had before."""
    _BREAKER_OPEN.labels(connector).set_function(is_open)
