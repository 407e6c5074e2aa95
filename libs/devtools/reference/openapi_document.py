"""Writes the OpenAPI document of a service, which it builds and does not start. Run by `devtools.reference.openapi`."""

import sys
import tempfile
from importlib import import_module
from pathlib import Path
from typing import Any

import msgspec

from florin.secrets.keyring import new_key_line
from florin.settings import Secret

_UNUSED = Secret("nothing is started, so this opens nothing")
_SHARED: dict[str, Any] = {
    "environment": "development",
    "database_url": _UNUSED,
    "redis_url": _UNUSED,
    "admin_token": _UNUSED,
    "internal_token": _UNUSED,
}


def _build(service: str, folder: Path) -> Any:
    main = import_module(f"{service}.main")
    settings = import_module(f"{service}.settings")
    key_file = folder / "keys"
    key_file.write_text(new_key_line(1))
    match service:
        case "payments":
            return main.build_app(settings.PaymentsSettings(**_SHARED))
        case "merchants":
            return main.build_app(settings.MerchantsSettings(**_SHARED, key_file=key_file))
        case "notifications":
            return main.build_app(settings.NotificationsSettings(**_SHARED, key_file=key_file))
        case "simulator":
            book = import_module("simulator.store.book").Book.open(folder / "book.sqlite3")
            return main.build_app(settings.SimulatorSettings(simulator_control_token=_UNUSED), book)
        case _:
            raise SystemExit("usage: python -m devtools.reference.openapi_document SERVICE")


def main(service: str) -> None:
    """Write a service's document to the standard output."""
    with tempfile.TemporaryDirectory() as folder:
        document = msgspec.json.encode(_build(service, Path(folder)).openapi())
    sys.stdout.write(msgspec.json.format(document, indent=2).decode() + "\n")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "")
