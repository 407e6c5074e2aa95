"""What payments reads from the environment, once, at start."""

from florin.service import ServiceSettings


class PaymentsSettings(ServiceSettings, frozen=True, kw_only=True):
    """Settings of payments; each field is ``FLORIN_`` and its name in upper case."""

    port: int = 8080
    merchants_url: str = "http://127.0.0.1:8081"
    """Where merchants is: its feed of keys, configurations and connectors, and leases of credentials."""
    notifications_url: str = "http://127.0.0.1:8082"
    """Where notifications is: a payment's deliveries, for its timeline."""
    database_connections: int = 12
    """Connections to the database, held open."""
    patience_s: float = 15.0
    """How long a caller waits for the acquirer before it is answered 202. Keep it below ``FLORIN_STOP_TIMEOUT_S``."""
    keep_idempotency_keys_days: int = 30
    """How long answered idempotency keys are kept, at least."""
    keep_events_days: int = 30
    """How long published events can be listed, at least."""
    ledger_check_hours: float = 24.0
    """How often one replica proves the whole ledger, which reads every entry; 0 is never."""
