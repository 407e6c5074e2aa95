"""Writes what a service says of itself, as JSON: its metrics and its OpenAPI document.

It is built and not started. Run by `devtools.reference.described`, in a process of its own.
"""

import sys
import tempfile
from importlib import import_module
from pathlib import Path
from typing import Any

import msgspec
from prometheus_client import REGISTRY

from florin.settings import Secret

_PACKAGES = {"operator": "merchant_operator"}
"""Programs without an API, and what they are called in Python."""
_UNUSED = Secret("nothing is started, so this opens nothing")
_SHARED: dict[str, Any] = {
    "environment": "development",
    "database_url": _UNUSED,
    "redis_url": _UNUSED,
    "admin_token": _UNUSED,
    "internal_token": _UNUSED,
}


def _build(service: str, main: Any, folder: Path) -> Any:
    # Not before the metrics were looked at: what it imports declares some.
    from florin.secrets.keyring import new_key_line

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
            raise SystemExit("usage: python -m devtools.reference.self_description SERVICE")


def _declared_metrics() -> list[dict[str, Any]]:
    """Of the module that was imported, and of all that it imports."""
    declared: list[dict[str, Any]] = []
    for collector in list(REGISTRY._collector_to_names):  # no public way tells the labels of what has no series yet
        labels = getattr(collector, "_labelnames", ())
        for family in collector.collect():
            if family.name.startswith("florin_"):
                name = f"{family.name}_total" if family.type == "counter" else family.name
                said = {"name": name, "type": family.type, "labels": labels, "meaning": family.documentation}
                declared.append(said)
    return declared


def main(service: str) -> None:
    """Write it to the standard output."""
    module = import_module(f"{_PACKAGES.get(service, service)}.main")
    metrics = _declared_metrics()
    if service in _PACKAGES:
        sys.stdout.buffer.write(msgspec.json.encode({"metrics": metrics, "openapi": {}}))
        return
    with tempfile.TemporaryDirectory() as folder:
        openapi = _build(service, module, Path(folder)).openapi()
    sys.stdout.buffer.write(msgspec.json.encode({"metrics": metrics, "openapi": openapi}))


if __name__ == "__main__":
    main(sys.argv[1])
