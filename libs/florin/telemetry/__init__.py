"""What a process tells about itself: JSON logs with redaction, traces, Prometheus metrics."""

from florin.telemetry.logs import configure_logging, request_id
from florin.telemetry.recorder import open_recorder
from florin.telemetry.redaction import redact
from florin.telemetry.tracing import (
    Span,
    configure_tracing,
    current_trace_id,
    current_traceparent,
    inject,
    shutdown_tracing,
    span,
)

__all__ = [
    "Span",
    "configure_logging",
    "configure_tracing",
    "current_trace_id",
    "current_traceparent",
    "inject",
    "open_recorder",
    "redact",
    "request_id",
    "shutdown_tracing",
    "span",
]
