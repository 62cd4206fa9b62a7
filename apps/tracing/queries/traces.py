"""One trace: its spans, what they add up to, and their payloads."""

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.http import Http404

from apps.accounts.models import Project
from apps.tracing.domain.window import AHEAD
from apps.tracing.models import Span, SpanPayload
from llmkit import clock

# Nearly every trace that is asked for is recent: looking there first opens three partitions instead of ninety.
LOOK_BACK = (timedelta(days=2), timedelta(days=92))
MOST_SPANS = 2000


@dataclass(frozen=True)
class Totals:
    """What entry spans say of their whole request; of traces without entries, what the single steps add up to."""

    input_tokens: int | None
    output_tokens: int | None
    cost_nano: int | None
    first_token_us: int | None


@dataclass(frozen=True)
class Trace:
    """spans: by start, at most MOST_SPANS; entry: the first entry span, or the first span of all."""

    trace_id: uuid.UUID
    spans: list[Span]
    entry: Span
    totals: Totals
    cut: bool

    @property
    def start(self) -> datetime:
        return self.spans[0].start_time

    @property
    def duration_us(self) -> int:
        end = max(span.start_time + timedelta(microseconds=span.duration_us) for span in self.spans)
        return (end - self.start) // timedelta(microseconds=1)

    @property
    def failed(self) -> bool:
        return self.entry.status == "error"

    def span(self, span_id: str) -> Span | None:
        return next((span for span in self.spans if span.span_id == span_id), None)


def find_trace(project: Project, trace_id: uuid.UUID) -> Trace | None:
    """The trace with this id in this project; None when there is none, or only in another project."""
    now = clock.now()
    for reach in LOOK_BACK:
        spans = Span.objects.for_project(project).between(now - reach, now + timedelta(days=1)).of_trace(trace_id)
        found = list(spans[: MOST_SPANS + 1])
        if found:
            return _trace(trace_id, found)
    return None


def get_trace(project: Project, trace_id: uuid.UUID) -> Trace:
    """The trace; Http404 when this project has none of this id."""
    trace = find_trace(project, trace_id)
    if trace is None:
        raise Http404(f"This project has no trace {trace_id.hex}.")
    return trace


def payloads_of(project: Project, trace: Trace) -> dict[str, SpanPayload]:
    """Payloads by span id, in one query."""
    end = trace.spans[-1].start_time + AHEAD
    rows = SpanPayload.objects.for_project(project).between(trace.start, end).filter(trace_id=trace.trace_id)
    return {payload.span_id: payload for payload in rows[:MOST_SPANS]}


def payload_of(project: Project, span: Span) -> SpanPayload | None:
    key = (span.start_time, project.id, span.trace_id, span.span_id)
    payload: SpanPayload | None = SpanPayload.objects.filter(pk=key).first()
    return payload


def _trace(trace_id: uuid.UUID, found: list[Span]) -> Trace:
    spans = found[:MOST_SPANS]
    entries = [span for span in spans if span.is_entry]
    counted = entries or spans
    return Trace(
        trace_id=trace_id,
        spans=spans,
        entry=counted[0],
        totals=Totals(
            input_tokens=_sum(counted, lambda span: span.input_tokens),
            output_tokens=_sum(counted, lambda span: span.output_tokens),
            cost_nano=_sum(counted, lambda span: span.cost_nano),
            first_token_us=counted[0].first_token_us,
        ),
        cut=len(found) > MOST_SPANS,
    )


def _sum(spans: Sequence[Span], figure: Callable[[Span], int | None]) -> int | None:
    known = [number for span in spans if (number := figure(span)) is not None]
    return sum(known) if known else None
