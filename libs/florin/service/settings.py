"""The settings that every service has, and those of its migrations."""

from pathlib import Path
from typing import Literal

import msgspec

from florin.database import DatabaseSettings
from florin.service.limits import Limits
from florin.settings import Secret
from florin.streams.redis_location import redis_location
from florin.tls import ClientTls


class MigrationSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What ``migrate`` reads from the environment: where the schema is. It needs no token, key or stream."""

    database_url: Secret
    """`mysql://user:password@host:port/schema`."""
    database_password: Secret = Secret("")
    """In place of the one in the URL, where it would have to be escaped."""
    database_tls: bool = False
    """Speak TLS with the database and verify its certificate and host name."""
    database_ca_file: Path | None = None
    """The authority that signs the database's certificate (PEM); none: the ones that the system trusts."""
    database_cert_file: Path | None = None
    """Our certificate for the database (PEM), where it asks for one."""
    database_cert_key_file: Path | None = None
    """The key of that certificate (PEM)."""
    migrate_at_start: bool = True
    """Bring the schema up to date at start. Without it, wait for the database, and until a job has run `migrate`."""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    """The least that is logged."""

    def database(self, *, pool_size: int) -> DatabaseSettings:
        """Where this service's schema is, and how to get in."""
        tls = ClientTls(self.database_ca_file, self.database_cert_file, self.database_cert_key_file)
        return DatabaseSettings(
            url=self.database_url.reveal(),
            password=self.database_password.reveal(),
            tls=tls if self.database_tls else None,
            pool_size=pool_size,
        )


class ServiceSettings(MigrationSettings, frozen=True, kw_only=True):
    """What every service reads from the environment. A service's own settings derive from this."""

    host: str = "127.0.0.1"
    """Loopback unless it is asked to listen to the world."""
    port: int = 8080
    """Where it listens."""
    environment: Literal["development", "production"] = "production"
    """Production asks for strong tokens and refuses what only development needs."""
    redis_url: Secret
    """`redis://user:password@host:port/0`; `rediss://` for TLS, whose certificate and host name are verified."""
    redis_password: Secret = Secret("")
    """In place of the one in the URL, where it would have to be escaped."""
    redis_ca_file: Path | None = None
    """The authority that signs Redis's certificate (PEM); none: the ones that the system trusts."""
    redis_cert_file: Path | None = None
    """Our certificate for Redis (PEM), where it asks for one."""
    redis_cert_key_file: Path | None = None
    """The key of that certificate (PEM)."""
    admin_token: Secret
    """Bearer token of /admin/v1."""
    internal_token: Secret
    """Bearer token of /internal/v1, between services."""
    access_log_ratio: float = 1.0
    """Share of successful requests with an access log line; failures always have one."""
    traces: str = ""
    """Where spans go: a file (JSON lines) or `otlp`; OTEL_EXPORTER_OTLP_ENDPOINT alone means `otlp`, too."""
    trace_ratio: float = 0.1
    """Share of new traces that are recorded; a failed request is recorded always."""
    max_body_bytes: int = 262_144
    """A larger body is refused with 413."""
    body_timeout_s: float = 10.0
    """From the end of a request's head to the end of its body."""
    head_timeout_s: float = 10.0
    """From the first byte of a request to the end of its head."""
    max_concurrent_requests: int = 512
    """More at once are answered with 503; health and metrics always pass."""
    drain_s: float = 0.5
    """Between readiness going off and the listener closing, for load balancers to notice."""
    stop_timeout_s: float = 20.0
    """How long requests in flight may take when the process stops."""

    @property
    def redis_location(self) -> str:
        """Where the streams are, and how to get in."""
        tls = ClientTls(self.redis_ca_file, self.redis_cert_file, self.redis_cert_key_file)
        return redis_location(self.redis_url.reveal(), self.redis_password.reveal(), tls)

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
