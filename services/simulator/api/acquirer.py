"""The acquirer API, as a terminal's software sees it."""

from typing import Annotated, Any

import msgspec
from litestar import Request, Response, Router, get, post
from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler
from litestar.params import JSONBody, Parameter

from florin.errors import RateLimited, Unauthenticated
from florin.service import API_KEY, bearer_token
from florin.service.problems import MEDIA_TYPE
from simulator.api.connection import NoAnswer
from simulator.domain.faults import Effect, Fault
from simulator.domain.operations import Authorize, Capture, Operation, Refund, Void
from simulator.domain.terminals import Terminal
from simulator.operations.desk import Answered, Desk, Disturbed
from simulator.store.terminals import Register

REPLAYED_HEADER = "Simulator-Replayed"


def acquirer_routes(desk: Desk, register: Register) -> Router:
    """/acquirer/v1: authorize, capture, void, refund, and the lookup of an operation."""

    def terminal_guard(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
        terminal = register.find_by_key(bearer_token(connection))
        if terminal is None:
            raise Unauthenticated("This terminal key is not valid.")
        connection.scope["state"]["terminal"] = terminal

    @post("/authorizations", status_code=200)
    async def authorize(request: Request[Any, Any, Any], data: JSONBody[Authorize]) -> Response[Operation]:
        """Authorise an amount on a card, and capture it at once where `capture` is true."""
        return _answer(await desk.perform(_terminal(request), data))

    @post("/captures", status_code=200)
    async def capture(request: Request[Any, Any, Any], data: JSONBody[Capture]) -> Response[Operation]:
        """Capture all or a part of an authorisation."""
        return _answer(await desk.perform(_terminal(request), data))

    @post("/voids", status_code=200)
    async def void(request: Request[Any, Any, Any], data: JSONBody[Void]) -> Response[Operation]:
        """Void an authorisation of which nothing was captured."""
        return _answer(await desk.perform(_terminal(request), data))

    @post("/refunds", status_code=200)
    async def refund(request: Request[Any, Any, Any], data: JSONBody[Refund]) -> Response[Operation]:
        """Refund what was captured."""
        return _answer(await desk.perform(_terminal(request), data))

    @get("/operations/{reference:str}")
    async def look_up(
        request: Request[Any, Any, Any], reference: Annotated[str, Parameter(max_length=64)]
    ) -> Response[Operation]:
        """What became of an operation, by the terminal's own reference."""
        return _answer(await desk.look_up(_terminal(request), reference))

    return Router(
        "/acquirer/v1",
        route_handlers=[authorize, capture, void, refund, look_up],
        guards=[terminal_guard],
        security=API_KEY,
        tags=["Acquirer"],
    )


def _terminal(request: Request[Any, Any, Any]) -> Terminal:
    terminal: Terminal = request.scope["state"]["terminal"]
    return terminal


def _answer(outcome: Answered | Disturbed) -> Response[Any]:
    if isinstance(outcome, Answered):
        headers = {REPLAYED_HEADER: "true"} if outcome.replayed else None
        return Response(outcome.body, media_type="application/json", headers=headers)
    return _disturbed(outcome.fault)


def _disturbed(fault: Fault) -> Response[Any]:
    match fault.effect:
        case Effect.SILENCE:
            return NoAnswer(cut=False)
        case Effect.CUT:
            return NoAnswer(cut=True)
        case Effect.THROTTLE:
            raise RateLimited("The acquirer takes no more requests for now.", retry_after_s=fault.retry_after_s)
        case Effect.OUTAGE:
            return _problem(503, {"Retry-After": str(fault.retry_after_s)})
        case _:
            return _problem(fault.status, {})


def _problem(status: int, headers: dict[str, str]) -> Response[bytes]:
    document = {
        "type": "about:blank",
        "title": "A simulated fault",
        "status": status,
        "detail": "A fault of the simulator was asked for and struck this request.",
        "code": "simulated_fault",
        "retryable": True,
        "doc_url": "/docs",
    }
    return Response(msgspec.json.encode(document), status_code=status, headers=headers, media_type=MEDIA_TYPE)
