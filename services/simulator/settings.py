"""What the simulator reads from the environment. It is an outside party: nothing here names Florin's servers."""

from pathlib import Path

from florin.service import ServiceSettings
from florin.settings import Secret

MIN_SECRET_LENGTH = 16


class SimulatorSettings(ServiceSettings, frozen=True, kw_only=True):
    """Settings of the simulator; those of databases and tokens that services share are not used."""

    port: int = 8083
    database_url: Secret = Secret("")
    redis_url: Secret = Secret("")
    admin_token: Secret = Secret("")
    internal_token: Secret = Secret("")
    access_log_ratio: float = 0.0
    """The book tells more than a log could; failures are still logged."""
    max_concurrent_requests: int = 4096
    """Requests that are never answered on purpose count as under way."""
    drain_s: float = 0.0
    stop_timeout_s: float = 1.0
    """Short: unanswered requests would hold a stop until they are cut."""
    simulator_book: Path = Path("simulator-book.sqlite3")
    """The book's file; a write-ahead log and a lock file lie beside it."""
    simulator_control_token: Secret
    """Bearer token of /control/v1."""
    simulator_terminal_key: Secret | None = None
    """With this key the terminal `default` is there from the start."""
    simulator_callback_secret: Secret | None = None
    """Signs the callbacks of the terminal `default`."""
    simulator_callback_url: str | None = None
    """Where callbacks of the terminal `default` go when an operation names no address."""

    def __post_init__(self) -> None:
        """Check what belongs together."""
        if (self.simulator_terminal_key is None) != (self.simulator_callback_secret is None):
            raise ValueError("FLORIN_SIMULATOR_TERMINAL_KEY and FLORIN_SIMULATOR_CALLBACK_SECRET belong together.")
        for secret in (self.simulator_control_token, self.simulator_terminal_key, self.simulator_callback_secret):
            if secret is not None and len(secret.reveal()) < MIN_SECRET_LENGTH:
                raise ValueError(f"The simulator's keys and tokens need at least {MIN_SECRET_LENGTH} characters.")
