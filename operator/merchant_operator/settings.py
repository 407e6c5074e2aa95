"""What the operator reads from the environment (``FLORIN_*``)."""

import re
from typing import Literal

import msgspec

from florin.settings import Secret

_CLUSTER = re.compile(r"[A-Za-z0-9._-]{1,64}")


class OperatorSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Settings of the operator."""

    merchants_url: str
    """Where merchants is, such as ``http://florin-merchants:8081``."""
    admin_token: Secret
    """Bearer token of merchants' /admin/v1."""
    namespaces: tuple[str, ...]
    """Namespaces whose resources are served, by name: in each the operator needs a Role."""
    cluster: str = "default"
    """Tells this cluster from others that write to the same merchants."""
    host: str = "127.0.0.1"
    """Loopback unless it is asked to listen to the world."""
    port: int = 8090
    """/health/live, /health/ready, /metrics and /plan."""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    """The least that is logged."""
    traces: str = ""
    """Where spans go: a file (JSON lines) or `otlp`; OTEL_EXPORTER_OTLP_ENDPOINT alone means `otlp`, too."""
    trace_ratio: float = 0.1
    """Share of new traces that are recorded."""
    sweep_interval_s: float = 60.0
    """How often everything is looked at again: drift, Secrets that were rotated, owners that are gone."""
    secrets_interval_s: float = 300.0
    """How often Secrets of MerchantConfigs are read again; those of Connectors are at each sweep."""
    problem_interval_s: float = 15.0
    """How often a resource is looked at again that names a Secret or Connector which is not there."""
    drift_unknown_s: float = 300.0
    """Where merchants has not told for so long (two sweeps at least) what it holds, nobody knows of drift."""
    retry_first_s: float = 1.0
    """Pause after the first attempt that failed; it doubles."""
    retry_last_s: float = 60.0
    """The longest pause between attempts that failed."""
    propagation_interval_s: float = 1.0
    """How often replicas are asked about while a version is not everywhere yet."""
    request_timeout_s: float = 10.0
    """For one request to merchants or to the API server."""
    reconcile_workers: int = 8
    """Resources that are worked on at once."""
    deletion_workers: int = 2
    """Workers that only take resources under deletion, so that these are never starved by the others."""
    breaker_failures: int = 5
    """Failures of merchants in a row after which it is left alone for a while."""
    breaker_open_s: float = 10.0
    """For how long."""
    watch_inactivity_s: float = 70.0
    """A watch that says nothing for so long (bookmarks come each minute) is opened anew."""
    watch_stale_s: float = 150.0
    """A change that a list showed and the watch has not told for so long: the watch is stale, the process not alive."""

    def __post_init__(self) -> None:
        if not self.namespaces:
            raise ValueError("FLORIN_NAMESPACES names no namespace; say which to serve, separated by commas.")
        if not _CLUSTER.fullmatch(self.cluster):
            raise ValueError("FLORIN_CLUSTER is a name of at most 64 letters, digits, dots, dashes and underscores.")
