"""The operator's own HTTP: probes, metrics, plans."""

import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec
from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from merchant_operator.kubernetes import ApiError
from merchant_operator.merchants_api import Refused, Unreachable
from merchant_operator.plan_endpoint import NotAllowed, Planner, PlanRequest
from merchant_operator.settings import OperatorSettings
from merchant_operator.sweep import Sweep
from merchant_operator.watched import Watched

_log = logging.getLogger(__name__)
_BODY = 262_144
_MISSED_SWEEPS = 5


class Probes:
    """What liveness and readiness say."""

    def __init__(self, sweep: Sweep, watched: Watched, settings: OperatorSettings) -> None:
        self._sweep = sweep
        self._watched = watched
        self._settings = settings

    @property
    def ready(self) -> bool:
        """Whether everything was listed once."""
        return self._sweep.listed

    def ill(self) -> str | None:
        """Why the process should be started anew; None where it is well. Merchants and its state are no reason."""
        stale_s = self._watched.stale_s()
        if stale_s > self._settings.watch_stale_s:
            return f"the watch has not told of a change that is {stale_s:.0f} s old"
        silent_s = time.monotonic() - self._sweep.ended_at
        if silent_s > _MISSED_SWEEPS * self._settings.sweep_interval_s:
            return f"no list of resources for {silent_s:.0f} s"
        return None


@asynccontextmanager
async def serving(probes: Probes, planner: Planner, settings: OperatorSettings) -> AsyncIterator[None]:
    """Serve while the block lasts."""

    async def live(_: web.Request) -> web.Response:
        reason = probes.ill()
        if reason is not None:
            _log.error("Not alive: %s.", reason)
        return _json({"status": "ill", "reason": reason} if reason else {"status": "ok"}, 503 if reason else 200)

    async def ready(_: web.Request) -> web.Response:
        return _json({"status": "ready" if probes.ready else "not_ready"}, 200 if probes.ready else 503)

    async def metrics(_: web.Request) -> web.Response:
        probes.ill()  # brings the watch's age up to date
        return web.Response(body=generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})

    async def plan(request: web.Request) -> web.Response:
        return await _plan(planner, await request.read())

    app = web.Application(client_max_size=_BODY)
    app.router.add_get("/health/live", live)
    app.router.add_get("/health/ready", ready)
    app.router.add_get("/metrics", metrics)
    app.router.add_post("/plan", plan)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, settings.host, settings.port).start()
        yield
    finally:
        await runner.cleanup()


async def _plan(planner: Planner, body: bytes) -> web.Response:
    try:
        request = msgspec.json.decode(body, type=PlanRequest)
        return _json(await planner.answer(request), 200)
    except msgspec.DecodeError as error:
        return _failure(400, "BadRequest", f"The request is not valid: {error}.")
    except NotAllowed as error:
        return _failure(403, "Forbidden", str(error))
    except Refused as error:
        return _failure(422, "Invalid", error.detail)
    except (ApiError, Unreachable) as error:
        return _failure(503, "ServiceUnavailable", f"{error}.")


def _failure(code: int, reason: str, message: str) -> web.Response:
    """In the API server's own form: kubectl, which asks through its proxy, shows the message."""
    status = {"status": "Failure", "message": message, "reason": reason, "code": code}
    return _json({"kind": "Status", "apiVersion": "v1", "metadata": {}, **status}, code)


def _json(document: object, status: int) -> web.Response:
    return web.Response(body=msgspec.json.encode(document), status=status, content_type="application/json")
