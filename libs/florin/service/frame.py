"""What happens around every request, as one layer of plain ASGI: identity, trace, limits, headers, accounting.

This runs for each request of each service, so it makes one small object a request and touches nothing twice.
"""

import random
import re
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from opentelemetry.trace import SpanKind
from prometheus_client import Counter, Histogram

from florin.errors import FlorinError, TooLarge
from florin.service.limits import Limits
from florin.service.problems import (
    MEDIA_TYPE,
    ClientGone,
    Overloaded,
    as_florin_error,
    problem_of,
)
from florin.telemetry import logs, tracing
from florin.telemetry.metrics import REQUEST_DURATION, REQUESTS, REQUESTS_IN_FLIGHT, REQUESTS_REFUSED
from florin.telemetry.redaction import redact

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
AsgiApp = Callable[[Scope, Receive, Send], Awaitable[None]]

REQUEST_ID_HEADER = b"florin-request-id"
UNMATCHED = "unmatched"
"""The route of requests that no route took: one label for all, or any stranger could grow the metrics."""

_SANE_REQUEST_ID = re.compile(r"[A-Za-z0-9._\-]{1,64}")
_ALWAYS_ANSWERED = ("/health/", "/metrics")
_SLOW_S = 1.0
_random = random.Random()

_API_HEADERS = [
    (b"x-content-type-options", b"nosniff"),
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
]
_PAGE_HEADERS = [
    (b"x-content-type-options", b"nosniff"),
    (
        b"content-security-policy",
        b"default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
        b"connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    ),
    (b"referrer-policy", b"no-referrer"),
]
_PAGES = ("/docs", "/errors/", "/receiver")


def new_request_id() -> str:
    """A fresh id of a request."""
    return f"req_{_random.getrandbits(96):024x}"


class Exchange:
    """One request and its answer."""

    __slots__ = (
        "_body_complete",
        "_body_size",
        "_headers",
        "_limits",
        "_receive",
        "_send",
        "content_length",
        "expects_continue",
        "request_id",
        "status",
        "traceparent",
    )

    def __init__(self, scope: Scope, receive: Receive, send: Send, limits: Limits) -> None:
        self._receive = receive
        self._send = send
        self._limits = limits
        self._body_size = 0
        self._body_complete = False
        self.status = 0
        self.content_length = 0
        self.expects_continue = False
        self.traceparent: str | None = None
        request_id = ""
        for name, value in scope["headers"]:
            if name == b"traceparent":
                self.traceparent = value.decode("latin-1")
            elif name == b"content-length":
                self.content_length = int(value)  # the parser has checked it
            elif name == b"expect":
                self.expects_continue = True
            elif name == b"x-request-id":
                request_id = value.decode("latin-1")
        if not request_id or not _SANE_REQUEST_ID.fullmatch(request_id) or redact(request_id) != request_id:
            request_id = new_request_id()
        self.request_id = request_id
        common = _PAGE_HEADERS if scope["path"].startswith(_PAGES) else _API_HEADERS
        self._headers = [(REQUEST_ID_HEADER, request_id.encode()), *common]

    async def receive(self) -> Message:
        """The next part of the body, within the limit on its size (`GuardedConnection` holds the one on its time)."""
        message = await self._receive()
        if message["type"] == "http.request":
            self._body_size += len(message.get("body", b""))
            if self._body_size > self._limits.body_bytes:
                raise self.too_large()
            self._body_complete = not message.get("more_body", False)
        elif not self._body_complete:
            raise ClientGone("The client closed the connection before its body was complete.")
        return message

    def send(self, message: Message) -> Awaitable[None]:
        """Pass the answer on, with the headers that every answer has."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message["headers"] = [*message["headers"], *self._headers]
        return self._send(message)

    def too_large(self) -> TooLarge:
        """The refusal of a body past its limit."""
        return TooLarge(f"Bodies of more than {self._limits.body_bytes} bytes are not taken.")

    async def answer(self, error: FlorinError) -> None:
        """Answer with a problem document, from outside of Litestar."""
        problem = problem_of(error, instance=self.request_id)
        headers = [(name.lower().encode(), value.encode()) for name, value in problem.headers.items()]
        headers += [(b"content-type", MEDIA_TYPE.encode()), (b"content-length", str(len(problem.body)).encode())]
        if self.expects_continue:
            # The client may hold its body back now, or not; what comes next on the connection is anyone's guess.
            headers.append((b"connection", b"close"))
        await self.send({"type": "http.response.start", "status": problem.status, "headers": headers})
        await self.send({"type": "http.response.body", "body": problem.body, "more_body": False})


class Frame:
    """Wraps a service's Litestar application. It is the ASGI application that the server runs."""

    def __init__(self, app: AsgiApp, *, limits: Limits, access_log_ratio: float = 1.0) -> None:
        self.app = app
        self.limits = limits
        self.in_flight = 0
        self._access_log_ratio = access_log_ratio
        self._meters: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}
        REQUESTS_IN_FLIGHT.set_function(lambda: self.in_flight)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = time.perf_counter()
        if scope["method"] == "HEAD":
            scope = {**scope, "method": "GET"}  # the server knows, and sends the head only
        exchange = Exchange(scope, receive, send, self.limits)
        # Each request runs in a task, so with a context, of its own: nothing needs to be reset.
        logs.request_id.set(exchange.request_id)
        trace = tracing.begin(exchange.traceparent)
        tracing.enter(trace)
        self.in_flight += 1
        try:
            refusal = self._refusal(scope, exchange)
            if refusal is None:
                await self.app(scope, exchange.receive, exchange.send)
            else:
                await exchange.answer(refusal)
        except Exception as error:
            if exchange.status:
                raise  # the answer has begun: all that is left is to cut the connection, which the server does
            await exchange.answer(as_florin_error(error, path=scope["path"]))
        finally:
            self.in_flight -= 1
            self._account(scope, exchange, trace, time.perf_counter() - started)

    def _refusal(self, scope: Scope, exchange: Exchange) -> FlorinError | None:
        if self.in_flight > self.limits.concurrent_requests and not scope["path"].startswith(_ALWAYS_ANSWERED):
            REQUESTS_REFUSED.labels("overloaded").inc()
            return Overloaded("This server answers as many requests as it can; come back in a second.")
        if exchange.content_length > self.limits.body_bytes:
            REQUESTS_REFUSED.labels("too_large").inc()
            return exchange.too_large()
        return None

    def _account(self, scope: Scope, exchange: Exchange, trace: tracing.Trace, duration_s: float) -> None:
        method: str = scope["method"]
        route: str = scope.get("path_template") or UNMATCHED
        status = exchange.status or ClientGone.status
        key = (method, route, status)
        meters = self._meters.get(key)
        if meters is None:
            meters = (REQUESTS.labels(method, route, str(status)), REQUEST_DURATION.labels(method, route))
            self._meters[key] = meters
        meters[0].inc()
        meters[1].observe(duration_s)
        failed = status >= 500
        if (trace.sampled or failed) and not route.startswith(_ALWAYS_ANSWERED):
            tracing.record(
                trace,
                f"{method} {route}",
                kind=SpanKind.SERVER,
                start_ns=time.time_ns() - int(duration_s * 1e9),
                attributes={
                    "http.request.method": method,
                    "http.route": route,
                    "http.response.status_code": status,
                    "florin.request_id": exchange.request_id,
                },
                error=f"HTTP {status}" if failed else None,
            )
        log = logs.access_log()
        if log is not None and (status >= 400 or duration_s > _SLOW_S or self._is_logged(route)):
            log.write(
                request_id=exchange.request_id,
                trace_id=f"{trace.trace_id:032x}",
                method=method,
                route=route,
                path=redact(scope["path"][:200]) if route == UNMATCHED else None,
                status=status,
                duration_ms=round(duration_s * 1000, 3),
                client=scope["client"][0] if scope.get("client") else None,
            )

    def _is_logged(self, route: str) -> bool:
        if route.startswith(_ALWAYS_ANSWERED):
            return False  # probes and scrapes every few seconds would be most of the log
        ratio = self._access_log_ratio
        return ratio >= 1.0 or _random.random() < ratio
