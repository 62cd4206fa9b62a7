"""What was said in a trace, as an example keeps it."""

import uuid
from dataclasses import dataclass

from apps.accounts.models import Project
from apps.tracing.domain.conversation import Message, answered, asked
from apps.tracing.models import SpanPayload
from apps.tracing.queries import find_trace, payloads_of
from llmkit import telemetry as t


@dataclass(frozen=True)
class Said:
    """conversation: the caller's messages, as role and content; answer: what the model said, "" for an error.

    The system prompt of a route isn't among them: it belongs to the route, and is put there on the way.
    """

    conversation: list[dict[str, str]]
    answer: str


def said_in(project: Project, trace_id: uuid.UUID) -> Said | None:
    """Of the trace's request, or of the first step that has a conversation; None when there is none to show."""
    trace = find_trace(project, trace_id)
    if trace is None:
        return None
    payloads = payloads_of(project, trace)
    spans = [trace.entry, *(span for span in trace.spans if span is not trace.entry)]
    for span in spans:
        if (payload := payloads.get(span.span_id)) and (said := _said(payload)):
            return said
    return None


def _said(payload: SpanPayload) -> Said | None:
    """None as well for a body that was too large to keep: an example with a hole in it teaches the hole."""
    conversation = [_plain(message) for message in asked(payload.request)]
    if not conversation or payload.attributes.get(t.PAYLOAD_TRUNCATED):
        return None
    answers = [message for message in answered(payload.response) if message.role == "assistant"]
    return Said(conversation, answers[0].words if answers else "")


def _plain(message: Message) -> dict[str, str]:
    return {"role": message.role, "content": message.words}
