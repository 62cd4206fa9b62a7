import json

from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.trace import SpanKind, Status, StatusCode

from llmkit.otel import SpoolSpanExporter
from llmkit.spool import SpoolWriter, segments
from llmkit.telemetry import PROJECT


def spans_in(directory):
    return [json.loads(line) for segment in segments(directory) for line in segment.read_bytes().splitlines()]


def tracer_into(directory):
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(SpoolSpanExporter(SpoolWriter(directory, "test"))))
    return provider.get_tracer("test")


def test_a_finished_span_lies_in_the_spool_with_its_parent_and_status(tmp_path):
    tracer = tracer_into(tmp_path)
    with (
        tracer.start_as_current_span("outer", attributes={PROJECT: "p1"}) as outer,
        tracer.start_as_current_span("inner", kind=SpanKind.CLIENT, attributes={PROJECT: "p1", "n": [1, 2]}) as inner,
    ):
        inner.add_event("first token", {"index": 0})
        inner.set_status(Status(StatusCode.ERROR, "broke"))
    first, second = spans_in(tmp_path)
    assert (first["name"], first["kind"], first["status"], first["status_message"]) == (
        "inner",
        "client",
        "error",
        "broke",
    )
    assert first["parent_id"] == second["span_id"] == f"{outer.get_span_context().span_id:016x}"
    assert first["trace_id"] == second["trace_id"]
    assert first["attributes"] == {"n": [1, 2]}
    assert first["events"][0]["name"] == "first token"
    assert first["end_ns"] >= first["start_ns"] > 0


def test_a_span_of_no_project_is_stored_nowhere(tmp_path):
    with tracer_into(tmp_path).start_as_current_span("nobody's"):
        spans = spans_in(tmp_path)
    assert spans == spans_in(tmp_path) == []
