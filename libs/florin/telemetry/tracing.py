"""Traces (W3C Trace Context, https://www.w3.org/TR/trace-context/), cheap where nothing is recorded.

Every request and every handled event belongs to a trace, whose ``traceparent`` travels through outbox rows,
streams and outgoing requests. Only a share of the traces is recorded; whether it is, is decided where the trace
begins and travels in its flag. A span object of OpenTelemetry exists only for what is recorded, and is made
when the work is over, so that an unrecorded request pays for a few random numbers and no more. That also lets
work that *failed* be recorded after the fact in a trace that was not sampled.
"""

import random
import re
import time
from contextvars import ContextVar, Token
from types import TracebackType
from typing import Any, Self

from opentelemetry.trace import SpanKind

from florin.telemetry.recorder import Recorder

_TRACEPARENT = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")
_random = random.Random()
_SPAN_SPACE = 1 << 64


class Trace:
    """A place in a trace: the span that work now belongs to."""

    __slots__ = ("parent_id", "sampled", "span_id", "trace_id")

    def __init__(self, trace_id: int, span_id: int, parent_id: int, *, sampled: bool) -> None:
        self.trace_id = trace_id
        self.span_id = span_id
        self.parent_id = parent_id
        self.sampled = sampled

    @property
    def traceparent(self) -> str:
        """What to hand on, so that others' work becomes a child of this."""
        return f"00-{self.trace_id:032x}-{self.span_id:016x}-{'01' if self.sampled else '00'}"


_current: ContextVar[Trace | None] = ContextVar("trace", default=None)
_recorder: Recorder | None = None
_sampled_below = 0


def configure_tracing(recorder: Recorder | None, *, ratio: float) -> None:
    """Record spans with ``recorder``: this share of the traces that begin here, and all that failed."""
    global _recorder, _sampled_below
    _recorder = recorder
    _sampled_below = round(ratio * _SPAN_SPACE) if recorder is not None else 0


def shutdown_tracing() -> None:
    """Export what is recorded and not yet exported."""
    global _recorder
    if _recorder is not None:
        _recorder.close()
        _recorder = None


def begin(traceparent: str | None) -> Trace:
    """A new span below ``traceparent``, or at the start of a new trace where there is none (or a malformed one)."""
    if traceparent is not None:
        match = _TRACEPARENT.fullmatch(traceparent)
        if match is not None and match[1] != "ff":
            trace_id, parent_id = int(match[2], 16), int(match[3], 16)
            if trace_id and parent_id and not (match[1] == "00" and match[5]):
                return Trace(trace_id, _new_span_id(), parent_id, sampled=bool(int(match[4], 16) & 1))
    trace_id = _random.getrandbits(128) or 1
    # The same rule as OpenTelemetry's TraceIdRatioBased: the low 64 bits of the id decide.
    return Trace(trace_id, _new_span_id(), 0, sampled=trace_id & 0xFFFFFFFFFFFFFFFF < _sampled_below)


def _new_span_id() -> int:
    return _random.getrandbits(64) or 1


def enter(trace: Trace) -> Token[Trace | None]:
    """Make ``trace`` the current one of this task."""
    return _current.set(trace)


def leave(token: Token[Trace | None]) -> None:
    """Undo `enter`."""
    _current.reset(token)


def record(
    trace: Trace, name: str, *, kind: SpanKind, start_ns: int, attributes: dict[str, Any], error: str | None = None
) -> None:
    """Record the work that ``trace`` stands for, if it is sampled or went wrong. It ends now."""
    if _recorder is not None and (trace.sampled or error is not None):
        _recorder.record(
            name,
            trace_id=trace.trace_id,
            span_id=trace.span_id,
            parent_id=trace.parent_id,
            kind=kind,
            start_ns=start_ns,
            end_ns=time.time_ns(),
            attributes=attributes,
            error=error,
        )


def current_traceparent() -> str | None:
    """The traceparent to store with an event or to send with a request; None outside of any trace."""
    trace = _current.get()
    return None if trace is None else trace.traceparent


def current_trace_id() -> str | None:
    """The id of the current trace, 32 hex digits."""
    trace = _current.get()
    return None if trace is None else f"{trace.trace_id:032x}"


def inject(headers: dict[str, str]) -> dict[str, str]:
    """Add the current ``traceparent`` to the headers of an outgoing request; returns the same dict."""
    trace = _current.get()
    if trace is not None:
        headers["traceparent"] = trace.traceparent
    return headers


class Span:
    """Work under way, of a name. Made by `span`."""

    __slots__ = ("_attributes", "_kind", "_name", "_start_ns", "_token", "trace")

    def __init__(self, name: str, trace: Trace, kind: SpanKind, attributes: dict[str, Any]) -> None:
        self._name = name
        self._kind = kind
        self._attributes = attributes
        self.trace = trace

    def set(self, name: str, value: str | int | float | bool) -> None:
        """Add an attribute."""
        self._attributes[name] = value

    def __enter__(self) -> Self:
        self._token = enter(self.trace)
        self._start_ns = time.time_ns()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        leave(self._token)
        record(
            self.trace,
            self._name,
            kind=self._kind,
            start_ns=self._start_ns,
            attributes=self._attributes,
            error=f"{type(error).__name__}: {error}" if isinstance(error, Exception) else None,
        )


def span(name: str, traceparent: str | None = None, *, kind: SpanKind = SpanKind.INTERNAL, **attributes: Any) -> Span:
    """Do work as a span: below ``traceparent`` (of an event, an outbox row), or below the current span.

    with span("deliver webhook", row.traceparent, endpoint_id=row.endpoint_id) as work:
        ...
        work.set("http.response.status_code", status)
    """
    parent = _current.get()
    if traceparent is not None or parent is None:
        trace = begin(traceparent)
    else:
        trace = Trace(parent.trace_id, _new_span_id(), parent.span_id, sampled=parent.sampled)
    return Span(name, trace, kind, attributes)
