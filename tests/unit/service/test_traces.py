from collections.abc import Iterator, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

from florin.telemetry import configure_tracing, current_traceparent, inject, shutdown_tracing, span
from florin.telemetry.recorder import Recorder
from florin.telemetry.tracing import begin

SAMPLED = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
UNSAMPLED = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"
TRACE_ID = int("0af7651916cd43dd8448eb211c80319c", 16)


class Kept(SpanExporter):
    def __init__(self) -> None:
        self.spans: list[ReadableSpan] = []

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        self.spans += spans
        return SpanExportResult.SUCCESS


@pytest.fixture
def kept() -> Iterator[Kept]:
    exporter = Kept()
    configure_tracing(Recorder(exporter, service="test", version="1"), ratio=0.0)
    yield exporter
    shutdown_tracing()


def test_a_sampled_trace_is_continued_through_nested_spans(kept: Kept) -> None:
    with span("outer", SAMPLED, payment_id="pay_1"):
        carried = current_traceparent()
        with span("inner") as inner:
            inner.set("attempt", 2)
    with span("later, elsewhere", carried):
        pass
    shutdown_tracing()
    outer, inner_span, later = (
        next(kept_span for kept_span in kept.spans if kept_span.name == name)
        for name in ("outer", "inner", "later, elsewhere")
    )
    assert {kept_span.context.trace_id for kept_span in kept.spans if kept_span.context} == {TRACE_ID}
    assert outer.parent is not None
    assert outer.parent.span_id == 0xB7AD6B7169203331
    assert outer.context is not None
    for child in (inner_span, later):
        assert child.parent is not None
        assert child.parent.span_id == outer.context.span_id
    assert dict(outer.attributes or {}) == {"payment_id": "pay_1"}
    assert dict(inner_span.attributes or {}) == {"attempt": 2}


def test_an_unsampled_trace_leaves_nothing_but_its_failures(kept: Kept) -> None:
    with span("fine", UNSAMPLED):
        assert current_traceparent() is not None
        assert str(current_traceparent()).endswith("-00")
        with pytest.raises(RuntimeError), span("failed"):
            raise RuntimeError("card 4242424242424242 refused")
    shutdown_tracing()
    assert [kept_span.name for kept_span in kept.spans] == ["failed"]
    failed = kept.spans[0]
    assert failed.context is not None
    assert failed.context.trace_id == TRACE_ID
    assert "RuntimeError" in str(failed.status.description)
    assert "4242" not in str(failed.status.description)


def test_attributes_are_redacted(kept: Kept) -> None:
    with span("work", SAMPLED, note="card 4242424242424242", api_key="sk_test_abcdef"):
        pass
    shutdown_tracing()
    assert "4242" not in str(dict(kept.spans[0].attributes or {}))
    assert "abcdef" not in str(dict(kept.spans[0].attributes or {}))


def test_what_goes_out_carries_the_trace() -> None:
    assert inject({"a": "b"}) == {"a": "b"}
    with span("call", SAMPLED):
        assert inject({})["traceparent"] == current_traceparent()
    assert current_traceparent() is None


@pytest.mark.parametrize(
    "value",
    [
        "",
        "nonsense",
        "00-00000000000000000000000000000000-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
        "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more",
        SAMPLED + "\r\nSet-Cookie: a=b",
    ],
)
def test_a_malformed_traceparent_begins_a_new_trace(value: str) -> None:
    trace = begin(value)
    assert trace.parent_id == 0
    assert trace.trace_id != TRACE_ID


def test_a_future_version_is_continued() -> None:
    assert begin("01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more").trace_id == TRACE_ID


@given(st.text(max_size=80))
def test_no_text_breaks_it(value: str) -> None:
    assert begin(value).traceparent


def test_the_ratio_holds() -> None:
    configure_tracing(Recorder(Kept(), service="test", version="1"), ratio=0.25)
    try:
        sampled = sum(begin(None).sampled for _ in range(4000))
    finally:
        shutdown_tracing()
    assert 800 < sampled < 1200
