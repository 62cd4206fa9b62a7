"""What the page of one trace shows: the waterfall, the chosen span, and its conversation."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from apps.accounts.models import Project
from apps.tracing.domain.conversation import Message, answered, asked
from apps.tracing.domain.steps import step_kind
from apps.tracing.domain.tree import lay_out
from apps.tracing.models import Span, SpanPayload
from apps.tracing.queries.traces import Trace, payload_of

MOST_SHOWN = 60_000  # characters of one message; the rest is to be had over the API


@dataclass(frozen=True)
class Bar:
    """A row of the waterfall. start_us counts from the start of the trace, first_token_us from that of the span."""

    span_id: str
    name: str
    kind: str
    depth: int
    start_us: int
    duration_us: int
    first_token_us: int | None
    failed: bool
    active: bool
    url: str


@dataclass(frozen=True)
class Detail:
    """The chosen span with what went in and came out."""

    span: Span
    payload: SpanPayload | None
    asked: list[Message]
    answered: list[Message]
    offset_us: int

    @property
    def raw(self) -> dict[str, Any]:
        """The span as JSON, as close to how it came as the columns allow."""
        payload = self.payload
        return {
            "trace_id": self.span.trace_id.hex,
            "span_id": self.span.span_id,
            "parent_id": self.span.parent_id,
            "name": self.span.name,
            "kind": self.span.kind,
            "status": self.span.status,
            "status_message": self.span.status_message,
            "start": self.span.start_time.isoformat(),
            "duration_us": self.span.duration_us,
            "attributes": payload.attributes if payload else {},
            "events": payload.events if payload else [],
            "request": payload.request if payload else None,
            "response": payload.response if payload else None,
        }


def bars(trace: Trace, *, active: Span, tab: str) -> list[Bar]:
    """Every span in the order of the tree, linked to itself."""
    return [
        Bar(
            span_id=placed.span.span_id,
            name=placed.span.name,
            kind=step_kind(operation=placed.span.operation, kind=placed.span.kind, is_entry=placed.span.is_entry),
            depth=placed.depth,
            start_us=_since(trace, placed.span),
            duration_us=placed.span.duration_us,
            first_token_us=placed.span.first_token_us,
            failed=placed.span.status == "error",
            active=placed.span is active,
            url=f"?span={placed.span.span_id}&tab={tab}",
        )
        for placed in lay_out(trace.spans)
    ]


def detail(project: Project, trace: Trace, span: Span) -> Detail:
    payload = payload_of(project, span)
    return Detail(
        span=span,
        payload=payload,
        asked=[_shown(message) for message in asked(payload.request)] if payload else [],
        answered=[_shown(message) for message in answered(payload.response)] if payload else [],
        offset_us=_since(trace, span),
    )


def _since(trace: Trace, span: Span) -> int:
    return (span.start_time - trace.start) // timedelta(microseconds=1)


def _shown(message: Message) -> Message:
    if len(message.text) <= MOST_SHOWN:
        return message
    text = f"{message.text[:MOST_SHOWN]}\n… and {len(message.text) - MOST_SHOWN:,} more characters"
    return Message(role=message.role, text=text, name=message.name, tool_calls=message.tool_calls)
