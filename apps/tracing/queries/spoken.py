"""What was said in traces, for those who make examples of it."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from apps.accounts.models import Project
from apps.tracing.domain.conversation import Message, answered, asked
from apps.tracing.domain.window import AHEAD
from apps.tracing.models import Span, SpanPayload
from apps.tracing.queries.traces import find_trace, payloads_of
from llmkit import telemetry as t

INSTRUCTIONS: Final = {"system", "developer"}
SPEAKERS: Final = {"user", "assistant", "tool", "function"}


@dataclass(frozen=True)
class Spoken:
    """One request. messages: the caller's, `{"role", "content"}` each; answer: what the model said, "" for an error;
    in_words: the answer is text, and calls no tool.

    The system prompt of a route isn't among the messages: it belongs to the route, and is put there on the way.
    """

    span: Span
    messages: list[dict[str, str]]
    answer: str
    in_words: bool


def spoken_in(project: Project, spans: Sequence[Span]) -> list[Spoken]:
    """What these spans asked and were answered in words, in their order; the others are left out."""
    if not spans:
        return []
    begun = [span.start_time for span in spans]
    payloads = SpanPayload.objects.for_project(project).between(min(begun), max(begun) + AHEAD)
    known = {(row.trace_id, row.span_id): row for row in payloads.filter(span_id__in=[span.span_id for span in spans])}
    found = (_spoken(span, known.get((span.trace_id, span.span_id))) for span in spans)
    return [each for each in found if each and each.in_words]


def spoken_of_trace(project: Project, trace_id: uuid.UUID) -> Spoken | None:
    """By the trace's request, or the first step that has a conversation; None when there is none to show."""
    trace = find_trace(project, trace_id)
    if trace is None:
        return None
    payloads = payloads_of(project, trace)
    spans = [trace.entry, *(span for span in trace.spans if span is not trace.entry)]
    return next((said for span in spans if (said := _spoken(span, payloads.get(span.span_id)))), None)


def _spoken(span: Span, payload: SpanPayload | None) -> Spoken | None:
    """None where nobody asks or a role is unknown, and for a body that was too large to keep: examples with a hole
    teach the hole.
    """
    if payload is None or payload.attributes.get(t.PAYLOAD_TRUNCATED):
        return None
    messages = asked(payload.request)
    roles = {message.role for message in messages} - INSTRUCTIONS
    if not roles or roles - SPEAKERS:
        return None
    answers = [message for message in answered(payload.response) if message.role == "assistant"]
    answer = answers[0] if answers else Message("assistant")
    return Spoken(
        span=span,
        messages=[{"role": message.role, "content": message.words} for message in messages],
        answer=answer.words,
        in_words=bool(answer.text.strip()) and not answer.tool_calls,
    )
