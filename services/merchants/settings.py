"""What merchants reads from the environment."""

from pathlib import Path

from florin.contracts.merchant_config_rules import LOOPBACK_HOSTS
from florin.service import ServiceSettings


class MerchantsSettings(ServiceSettings, frozen=True, kw_only=True):
    """Settings of merchants."""

    port: int = 8081
    key_file: Path
    """Key-encryption keys (`florin.secrets.KeyRing`). Losing it loses every stored secret."""
    database_pool_size: int = 8
    """Connections to the database, held open."""
    allow_loopback_urls: bool = False
    """Accept http URLs of this machine in configurations and connectors. In development only."""
    trusted_hosts: tuple[str, ...] = ()
    """Names in the installation's own network that connectors and webhooks may lead to, over plain http, too."""
    propagation_services: tuple[str, ...] = ("payments", "notifications")
    """Services that must have a living replica for a configuration to count as propagated."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.allow_loopback_urls and self.environment == "production":
            raise ValueError("FLORIN_ALLOW_LOOPBACK_URLS is for development; unset it in production.")

    @property
    def plain_hosts(self) -> frozenset[str]:
        """Hosts that connectors and webhooks may reach by http."""
        return frozenset(self.trusted_hosts) | (LOOPBACK_HOSTS if self.allow_loopback_urls else frozenset())
