"""Runs a service until it is told to stop, and stops it so that nothing under way is lost.

On SIGTERM or Ctrl-C: readiness goes off, a short drain lets load balancers notice, the listener closes, requests in
flight are finished, then the lifespan ends (background tasks stop and release their leases, pools close).
"""

import asyncio
import gc
import socket
import sys
from typing import TypeVar

import uvicorn

from florin.service.app import ServiceApp
from florin.service.connection import guarded_by
from florin.service.settings import MigrationSettings, ServiceSettings
from florin.settings import SettingsError, load
from florin.telemetry import configure_logging, configure_tracing, open_recorder, shutdown_tracing

_KEEP_ALIVE_S = 75
_BACKLOG = 1024
_GARBAGE_THRESHOLDS = (50_000, 20, 20)
"""Objects between two collections. A request makes hundreds and nearly all go by their count; at CPython's 700, looking
for cycles among them took 5% of the processor time of a payment."""
_Settings = TypeVar("_Settings", bound=MigrationSettings)


class Server(uvicorn.Server):
    """uvicorn's server with a drain before it closes the listener."""

    def __init__(self, app: ServiceApp, settings: ServiceSettings) -> None:
        self._app = app
        self._drain_s = settings.drain_s
        super().__init__(
            uvicorn.Config(
                app,
                host=settings.host,
                port=settings.port,
                loop="uvloop",
                http=guarded_by(settings.limits),
                ws="none",
                lifespan="on",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                backlog=_BACKLOG,
                timeout_keep_alive=_KEEP_ALIVE_S,
                timeout_graceful_shutdown=max(1, round(settings.stop_timeout_s)),
            )
        )

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Drain, then stop as uvicorn does."""
        self._app.health.stopping = True
        await asyncio.sleep(self._drain_s)
        await super().shutdown(sockets)
        # uvicorn raises the signal once more when all is done, which would make a clean stop look like a kill.
        self._captured_signals.clear()


def prepare(name: str, version: str, settings: ServiceSettings) -> None:
    """Turn logs and traces on. `serve` does it; a command that does not serve calls it itself."""
    configure_logging(name, level=settings.log_level)
    recorder = open_recorder(settings.traces, service=name, version=version)
    configure_tracing(recorder, ratio=settings.trace_ratio)


def serve(app: ServiceApp, settings: ServiceSettings) -> None:
    """Serve until SIGTERM or Ctrl-C, then return. Exits with 3 where the service cannot start."""
    prepare(app.name, app.version, settings)
    gc.collect()
    gc.set_threshold(*_GARBAGE_THRESHOLDS)
    gc.freeze()  # what is there now stays for good: no collection needs to look at it again
    try:
        Server(app, settings).run()
    finally:
        shutdown_tracing()


def settings_or_exit(struct_type: type[_Settings]) -> _Settings:
    """`load`, for a main function: what is wrong goes to stderr as sentences, and the process ends with 2."""
    try:
        return load(struct_type)
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        raise SystemExit(2) from None
