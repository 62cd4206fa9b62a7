"""Spans of the engine's own steps, as children of the caller's span."""

from pathlib import Path

from opentelemetry.context import Context
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.trace import Status, StatusCode, Tracer, get_current_span
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from apps.serving.local_engine.sequence import ABORT, ERROR, Sequence
from llmkit import telemetry
from llmkit.otel import SpoolSpanExporter
from llmkit.spool import SpoolWriter

Attributes = dict[str, str | int | float | tuple[str, ...]]


class SpanWriter:
    """Writes `engine.queue`, `engine.prefill` and `engine.decode` of each request into the spool.

    A span is in the kernel's hands when `write` returns, so it is called before an answer's last byte leaves.
    """

    def __init__(self, spool_dir: Path) -> None:
        provider = TracerProvider(resource=Resource.create({SERVICE_NAME: "flywheel-engine"}))
        exporter = SpoolSpanExporter(SpoolWriter(spool_dir, "engine"))
        provider.add_span_processor(SimpleSpanProcessor(exporter))
        self._provider = provider
        self._tracer: Tracer = provider.get_tracer("flywheel.engine")
        self._propagator = TraceContextTextMapPropagator()

    def write(self, sequence: Sequence, *, model: str, traceparent: str, project: str, finish: str) -> None:
        """Nothing is written without a valid `traceparent` and a project."""
        parent = self._propagator.extract({"traceparent": traceparent})
        if not project or not get_current_span(parent).get_span_context().is_valid:
            return
        stamps = sequence.stamps
        prompt: Attributes = {telemetry.INPUT_TOKENS: len(sequence.plan.prompt)}
        answer: Attributes = {telemetry.OUTPUT_TOKENS: sequence.generated, telemetry.FINISH_REASONS: (finish,)}
        if sequence.generated:
            answer[telemetry.CONFIDENCE] = sequence.confidence
        stages: list[tuple[str, int, int, Attributes]] = [
            ("engine.queue", stamps.arrived, stamps.started, {}),
            ("engine.prefill", stamps.started, stamps.first_token, prompt),
            ("engine.decode", stamps.first_token, stamps.finished, answer),
        ]
        common: Attributes = {telemetry.PROJECT: project, telemetry.REQUEST_MODEL: model}
        begun = [stage for stage in stages if stage[1]]
        for stage in begun:
            name, start, end, attributes = stage
            reason = finish if stage is begun[-1] else ""
            self._span(parent, name, start, end or stamps.finished, common | attributes, reason)

    def close(self) -> None:
        self._provider.shutdown()

    def _span(self, parent: Context, name: str, start: int, end: int, attributes: Attributes, reason: str) -> None:
        span = self._tracer.start_span(name, context=parent, start_time=start, attributes=attributes)
        if reason == ABORT:
            span.set_attribute(telemetry.CLIENT_GONE, True)
        if reason == ERROR:
            span.set_status(Status(StatusCode.ERROR, "The model failed while it generated."))
        span.end(end_time=end)
