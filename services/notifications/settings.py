"""Settings of notifications, from the environment."""

from pathlib import Path

from florin.service import ServiceSettings
from florin.webhooks import AddressPolicy, UrlPolicy


class NotificationsSettings(ServiceSettings, frozen=True, kw_only=True):
    """Everything that can be decided about this service."""

    port: int = 8082
    merchants_url: str = "http://127.0.0.1:8081"
    """Where merchants is: its feed of keys and configurations, and leases of signing secrets."""
    key_file: Path
    """The key-encryption keys that seal signing secrets."""
    database_pool_size: int = 8
    """Connections to the database, held open."""
    webhooks_in_flight: int = 512
    """Attempts under way at once in this process."""
    webhooks_lease_s: int = 90
    """When an attempt whose process died is made again. It has to outlast waiting in a lane and 30 s of attempt."""
    allow_loopback_urls: bool = False
    """Development only: endpoints on this machine, over plain http too."""
    trusted_hosts: tuple[str, ...] = ()
    """Names in the installation's own network that webhooks may lead to, over plain http, too."""
    webhooks_ports: tuple[int, ...] = (443, 8443)
    """Ports that endpoints may have."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.allow_loopback_urls and self.environment != "development":
            raise ValueError("FLORIN_ALLOW_LOOPBACK_URLS is for development: set FLORIN_ENVIRONMENT=development.")
        least_s = 45 if self.environment == "production" else 3
        if not least_s <= self.webhooks_lease_s <= 3600:
            raise ValueError(f"FLORIN_WEBHOOKS_LEASE_S is between {least_s} and 3600.")

    @property
    def url_policy(self) -> UrlPolicy:
        """Where webhooks may go."""
        addresses = AddressPolicy(allow_loopback=self.allow_loopback_urls, trusted_hosts=frozenset(self.trusted_hosts))
        return UrlPolicy(ports=self.webhooks_ports, addresses=addresses)
