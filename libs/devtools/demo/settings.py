"""What the demo is told by the environment."""

from pathlib import Path

import msgspec

from florin.settings import Secret, load


class DemoSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Addresses and development credentials of a running platform."""

    payments_url: str
    merchants_url: str
    notifications_url: str
    simulator_url: str
    receiver_url: str = ""
    """The simulator as notifications reaches it; webhook endpoints must be public or, in development, on loopback."""
    admin_token: Secret
    simulator_control_token: Secret
    simulator_terminal_key: Secret
    simulator_callback_secret: Secret
    demo_file: Path
    """Where the demo merchant's API key is kept, which the platform shows only once."""

    @property
    def receiver(self) -> str:
        """Base URL of the simulator's webhook receiver, as notifications sees it."""
        return self.receiver_url or self.simulator_url


class DemoMerchant(msgspec.Struct, frozen=True, kw_only=True):
    """The demo merchant, with what only its program would know."""

    merchant_id: str
    api_key: str
    webhook_secret: str


def read_settings() -> DemoSettings:
    """From ``FLORIN_*`` variables. Raises SettingsError."""
    return load(DemoSettings)


def read_merchant(settings: DemoSettings) -> DemoMerchant | None:
    """The demo merchant of an earlier run, or None."""
    try:
        return msgspec.json.decode(settings.demo_file.read_bytes(), type=DemoMerchant)
    except (FileNotFoundError, msgspec.DecodeError):
        return None
