"""What a pool tells Prometheus. A process has one pool."""

from typing import Any

from prometheus_client import Counter, Gauge

_CONNECTIONS = Gauge("florin_database_connections", "Connections that the pool holds open.")
_IN_USE = Gauge("florin_database_connections_in_use", "Connections of the pool that are lent out.")
ACQUIRE_TIMEOUTS = Counter("florin_database_acquire_timeouts", "Waits for a connection of the pool that were given up.")


def watch(pool: Any) -> None:
    """Show this pool: read when Prometheus asks, so that it costs nothing while serving."""
    _CONNECTIONS.set_function(lambda: pool.size)
    _IN_USE.set_function(lambda: pool.size - pool.freesize)
