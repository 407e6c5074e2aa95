"""What this process tells Prometheus."""

from prometheus_client import REGISTRY


def sample(name: str, **labels: str) -> float | None:
    """The value of a series; None where there is none."""
    return REGISTRY.get_sample_value(name, labels)
