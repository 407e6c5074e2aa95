"""docs/reference/openapi/: the OpenAPI document of each service."""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

import merchants.main
import notifications.main
import payments.main
import simulator.main
from florin.secrets.keyring import new_key_line
from florin.service import ServiceApp
from florin.settings import Secret
from merchants.settings import MerchantsSettings
from notifications.settings import NotificationsSettings
from payments.settings import PaymentsSettings
from simulator.settings import SimulatorSettings
from simulator.store.book import Book

_UNUSED = Secret("nothing is started, so this opens nothing")
_SETTINGS: dict[str, Any] = {
    "environment": "development",
    "database_url": _UNUSED,
    "redis_url": _UNUSED,
    "admin_token": _UNUSED,
    "internal_token": _UNUSED,
}


def render_payments() -> str:
    """The document of payments."""
    return _render(payments.main.build_app(PaymentsSettings(**_SETTINGS)))


def render_merchants() -> str:
    """The document of merchants."""
    return _with_folder(
        lambda folder: merchants.main.build_app(MerchantsSettings(**_SETTINGS, key_file=_key_file(folder)))
    )


def render_notifications() -> str:
    """The document of notifications."""
    return _with_folder(
        lambda folder: notifications.main.build_app(NotificationsSettings(**_SETTINGS, key_file=_key_file(folder)))
    )


def render_simulator() -> str:
    """The document of the simulator."""

    def build(folder: Path) -> ServiceApp:
        book = Book.open(folder / "book.sqlite3")
        try:
            return simulator.main.build_app(SimulatorSettings(simulator_control_token=_UNUSED), book)
        finally:
            book.close()

    return _with_folder(build)


def _with_folder(build: Callable[[Path], ServiceApp]) -> str:
    with tempfile.TemporaryDirectory() as folder:
        return _render(build(Path(folder)))


def _key_file(folder: Path) -> Path:
    path = folder / "keys"
    path.write_text(new_key_line(1))
    return path


def _render(app: ServiceApp) -> str:
    return msgspec.json.format(msgspec.json.encode(app.openapi()), indent=2).decode() + "\n"
