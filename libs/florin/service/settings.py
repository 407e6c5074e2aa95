"""The settings that every service has."""

from typing import Literal

import msgspec

from florin.service.limits import Limits
from florin.settings import Secret


class ServiceSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What every service reads from the environment. A service's own settings derive from this."""

    host: str = "127.0.0.1"
    """Loopback unless it is asked to listen to the world."""
    port: int = 8080
    environment: Literal["development", "production"] = "production"
    database_url: Secret
    redis_url: Secret
    admin_token: Secret
    """Bearer token of /admin/v1."""
    internal_token: Secret
    """Bearer token of /internal/v1, between services."""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    access_log_ratio: float = 1.0
    """Share of successful requests with an access log line; failures always have one."""
    traces: str = ""
    """Where spans go: a file (JSON lines) or `otlp`; OTEL_EXPORTER_OTLP_ENDPOINT alone means `otlp`, too."""
    trace_ratio: float = 0.1
    """Share of new traces that are recorded; a failed request is recorded always."""
    max_body_bytes: int = 262_144
    body_timeout_s: float = 10.0
    head_timeout_s: float = 10.0
    max_concurrent_requests: int = 512
    drain_s: float = 0.5
    """Between readiness going off and the listener closing, for load balancers to notice."""
    stop_timeout_s: float = 20.0
    """How long requests in flight may take when the process stops."""

    @property
    def limits(self) -> Limits:
        """What one client may take of this process."""
        return Limits(
            body_bytes=self.max_body_bytes,
            body_timeout_s=self.body_timeout_s,
            head_timeout_s=self.head_timeout_s,
            concurrent_requests=self.max_concurrent_requests,
        )

    def __post_init__(self) -> None:
        if self.environment == "production":
            for name in ("admin_token", "internal_token"):
                if len(getattr(self, name).reveal()) < MIN_TOKEN_LENGTH:
                    raise ValueError(
                        f"FLORIN_{name.upper()} needs at least {MIN_TOKEN_LENGTH} characters in production."
                    )


MIN_TOKEN_LENGTH = 24
