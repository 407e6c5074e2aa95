"""Hands finished spans to OpenTelemetry's SDK, which batches and exports them in a thread of its own."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.id_generator import IdGenerator
from opentelemetry.sdk.trace.sampling import ALWAYS_ON
from opentelemetry.trace import (
    NonRecordingSpan,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    set_span_in_context,
)

from florin.telemetry.redaction import redact, redact_value


class _ChosenIds(IdGenerator):
    """Gives the SDK the ids that the work had all along; they are needed before the span object exists."""

    trace_id = 0
    span_id = 0

    def generate_trace_id(self) -> int:
        return self.trace_id

    def generate_span_id(self) -> int:
        return self.span_id


class Recorder:
    """Writes spans after the fact. Sampling is over when `record` is called: what comes here is kept."""

    def __init__(self, exporter: SpanExporter, *, service: str, version: str) -> None:
        self._ids = _ChosenIds()
        self._provider = TracerProvider(
            sampler=ALWAYS_ON,
            id_generator=self._ids,
            resource=Resource.create({"service.name": f"florin-{service}", "service.version": version}),
            shutdown_on_exit=False,
        )
        self._provider.add_span_processor(BatchSpanProcessor(exporter, schedule_delay_millis=1000))
        self._tracer = self._provider.get_tracer("florin")

    def record(
        self,
        name: str,
        *,
        trace_id: int,
        span_id: int,
        parent_id: int,
        kind: SpanKind,
        start_ns: int,
        end_ns: int,
        attributes: dict[str, Any],
        error: str | None,
    ) -> None:
        """One span that is over. Without a parent (0) it is the root of its trace."""
        self._ids.trace_id, self._ids.span_id = trace_id, span_id
        parent = None
        if parent_id:
            origin = SpanContext(trace_id, parent_id, is_remote=True, trace_flags=TraceFlags(TraceFlags.SAMPLED))
            parent = set_span_in_context(NonRecordingSpan(origin))
        span = self._tracer.start_span(
            name, context=parent, kind=kind, start_time=start_ns, attributes=redact_value(attributes)
        )
        if error is not None:
            span.set_status(Status(StatusCode.ERROR, redact(error)[:500]))
        span.end(end_ns)

    def close(self) -> None:
        """Export what is waiting and stop."""
        self._provider.shutdown()


class JsonLinesExporter(SpanExporter):
    """Appends spans to a file, one JSON object a line: enough to look at traces with no collector about."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("ab", buffering=0)

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Write the spans in one append, so that several processes may share the file."""
        self._file.write(b"".join(msgspec.json.encode(_as_line(span)) + b"\n" for span in spans))
        return SpanExportResult.SUCCESS

    def shutdown(self) -> None:
        """Close the file."""
        self._file.close()


def _as_line(span: ReadableSpan) -> dict[str, Any]:
    start_ns, end_ns = span.start_time or 0, span.end_time or 0
    return {
        "service": span.resource.attributes.get("service.name"),
        "name": span.name,
        "kind": span.kind.name.lower(),
        "trace_id": f"{span.context.trace_id:032x}" if span.context else None,
        "span_id": f"{span.context.span_id:016x}" if span.context else None,
        "parent_id": f"{span.parent.span_id:016x}" if span.parent else None,
        "start_ns": start_ns,
        "duration_us": (end_ns - start_ns) // 1000,
        "error": span.status.description if span.status.status_code is StatusCode.ERROR else None,
        "attributes": dict(span.attributes or {}),
    }


def open_recorder(target: str, *, service: str, version: str) -> Recorder | None:
    """A recorder for ``otlp`` or a file's path; None where spans are to go nowhere.

    ``otlp`` sends to OTEL_EXPORTER_OTLP_ENDPOINT (the SDK's own variables apply), which alone turns it on, too.
    """
    exporter: SpanExporter
    if target == "otlp" or (not target and os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT")):
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # heavy, seldom needed

        exporter = OTLPSpanExporter()
    elif target:
        exporter = JsonLinesExporter(Path(target))
    else:
        return None
    return Recorder(exporter, service=service, version=version)
