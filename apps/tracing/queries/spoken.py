"""What was said in traces, for those who make examples of it."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from apps.accounts.models import Project
from apps.tracing.domain.conversation import answered, asked
from apps.tracing.domain.window import AHEAD
from apps.tracing.models import Span, SpanPayload


@dataclass(frozen=True)
class Spoken:
    """One request: the caller's messages, `{"role", "content"}` each, and the text of the answer."""

    span: Span
    messages: list[dict[str, Any]]
    answer: str


def spoken_in(project: Project, spans: Sequence[Span]) -> list[Spoken]:
    """What these spans asked and were answered, in their order; those that said nothing are left out."""
    if not spans:
        return []
    begun = [span.start_time for span in spans]
    payloads = SpanPayload.objects.for_project(project).between(min(begun), max(begun) + AHEAD)
    known = {(row.trace_id, row.span_id): row for row in payloads.filter(span_id__in=[span.span_id for span in spans])}
    pairs = ((span, known.get((span.trace_id, span.span_id))) for span in spans)
    found = [spoken(span, payload) for span, payload in pairs if payload is not None]
    return [each for each in found if each.messages and each.answer]


def spoken_of_traces(
    project: Project, trace_ids: Sequence[uuid.UUID], since: datetime, until: datetime
) -> list[Spoken]:
    """The first entry of each trace that began in the half-open interval."""
    entries = Span.objects.for_project(project).between(since, until).entries().filter(trace_id__in=trace_ids)
    first = {span.trace_id: span for span in entries.order_by("-start_time")}
    return spoken_in(project, [first[trace_id] for trace_id in trace_ids if trace_id in first])


def spoken(span: Span, payload: SpanPayload) -> Spoken:
    messages = [{"role": message.role, "content": message.text} for message in asked(payload.request)]
    answers = [message.text for message in answered(payload.response) if message.role == "assistant"]
    return Spoken(span, messages, answers[0] if answers else "")
