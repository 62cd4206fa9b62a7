"""The bridge from the OpenTelemetry SDK to the spool: a span that ends is durable at once."""

from collections.abc import Sequence

from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

from llmkit.spool import SpoolUnavailable, SpoolWriter
from llmkit.telemetry import PROJECT, SpanRecord, encode_records


class SpoolSpanExporter(SpanExporter):
    """Writes spans that carry the attribute `flywheel.project.id`; others belong to nobody and are dropped."""

    def __init__(self, writer: SpoolWriter) -> None:
        self.writer = writer

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        records = [record_of(span) for span in spans if PROJECT in (span.attributes or {})]
        if not records:
            return SpanExportResult.SUCCESS
        try:
            self.writer.append(encode_records(records))
        except SpoolUnavailable:
            return SpanExportResult.FAILURE
        return SpanExportResult.SUCCESS

    def shutdown(self) -> None:
        self.writer.close()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        return True


def record_of(span: ReadableSpan) -> SpanRecord:
    """The SDK's finished span as a SpanRecord."""
    attributes = {
        name: list(value) if isinstance(value, tuple) else value for name, value in (span.attributes or {}).items()
    }
    context = span.get_span_context()
    if context is None:
        raise ValueError("A span without a context cannot be stored.")
    return SpanRecord(
        project_id=str(attributes.pop(PROJECT)),
        trace_id=f"{context.trace_id:032x}",
        span_id=f"{context.span_id:016x}",
        parent_id=f"{span.parent.span_id:016x}" if span.parent else "",
        name=span.name,
        kind=span.kind.name.lower(),
        start_ns=span.start_time or 0,
        end_ns=span.end_time or span.start_time or 0,
        status=span.status.status_code.name.lower(),
        status_message=span.status.description or "",
        attributes=attributes,
        events=[
            {"name": event.name, "time_ns": event.timestamp, "attributes": dict(event.attributes or {})}
            for event in span.events
        ],
    )
