"""Is the process alive, and should it get requests? And what it counts."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Literal

import msgspec
from litestar import Response, Router, get
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

Check = Callable[[], Awaitable[object]]
"""Raises when the process cannot do its work (`database.ping`, say). What it returns does not matter."""

_log = logging.getLogger(__name__)


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """The outcome of one check."""

    status: Literal["ok", "failed"]
    duration_ms: float
    reason: str | None = None
    """The kind of failure; its details are in the log."""


class Readiness(msgspec.Struct, frozen=True, kw_only=True):
    """Whether to send requests here."""

    status: Literal["ready", "not_ready", "stopping"]
    checks: dict[str, Checked]


class Health:
    """The process's opinion of itself. ``stopping`` goes on first when it is asked to stop."""

    def __init__(self, checks: Mapping[str, Check], *, timeout_s: float = 2.0) -> None:
        self._checks = dict(checks)
        self._timeout_s = timeout_s
        self.stopping = False

    def add(self, name: str, check: Check) -> None:
        """Ask this, too, from now on."""
        self._checks[name] = check

    async def readiness(self) -> Readiness:
        """Run every check, all at once, each within its time."""
        asked = dict(self._checks)
        outcomes = await asyncio.gather(*(self._run(name, check) for name, check in asked.items()))
        checks = dict(zip(asked, outcomes, strict=True))
        if self.stopping:
            return Readiness(status="stopping", checks=checks)
        ready = all(outcome.status == "ok" for outcome in outcomes)
        return Readiness(status="ready" if ready else "not_ready", checks=checks)

    async def _run(self, name: str, check: Check) -> Checked:
        began = time.perf_counter()
        reason = None
        try:
            async with asyncio.timeout(self._timeout_s):
                await check()
        except Exception as error:  # noqa: BLE001 - any failure of a check is the answer to the question
            reason = type(error).__name__
            _log.warning("Readiness check %s failed: %s: %s", name, reason, error)
        duration_ms = round((time.perf_counter() - began) * 1000, 3)
        return Checked(status="failed" if reason else "ok", duration_ms=duration_ms, reason=reason)


def health_routes(health: Health) -> Router:
    """/health/live, /health/ready and /metrics."""

    @get("/health/live", sync_to_thread=False)
    def live() -> dict[str, Any]:
        """The process runs its event loop; says nothing about what it depends on."""
        return {"status": "ok"}

    @get("/health/ready")
    async def ready() -> Response[Readiness]:
        """200 where requests are welcome, 503 where not."""
        readiness = await health.readiness()
        return Response(readiness, status_code=200 if readiness.status == "ready" else 503)

    @get("/metrics", sync_to_thread=False)
    def metrics() -> Response[bytes]:
        """Prometheus's text format."""
        return Response(generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})

    return Router("/", route_handlers=[live, ready, metrics], include_in_schema=False)
