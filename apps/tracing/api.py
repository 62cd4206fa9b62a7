"""GET /api/traces and GET /api/traces/{trace_id}, for keys with the scope `read`."""

import re
import uuid
from datetime import datetime, timedelta
from typing import Any, Literal

from django.core.exceptions import ValidationError
from django.http import HttpRequest
from ninja import Field, Query, Router, Schema
from pydantic import ConfigDict

from apps.accounts.services import BearerKey, key_of
from apps.tracing import queries
from apps.tracing.domain import cursor, window
from apps.tracing.models import Span, SpanPayload
from apps.tracing.services import annotations_of
from llmkit import clock
from llmkit.money import dollars_from_nano

NO_NUL = r"^[^\x00]*$"  # Postgres has no NUL in its texts

router = Router(tags=["traces"], auth=BearerKey(scope="read"))


class SpanOut(Schema):
    """Times are ISO 8601 with microseconds, durations microseconds. A figure that nobody knows is null, not 0."""

    span_id: str
    parent_id: str | None
    name: str
    kind: str
    is_entry: bool
    start: str
    end: str
    duration_us: int
    first_token_us: int | None
    status: str
    status_message: str
    attributes: dict[str, Any]
    events: list[Any]
    request: Any
    response: Any
    input_tokens: int | None
    output_tokens: int | None
    cost: float | None
    cost_nano_usd: int | None


class TraceRow(Schema):
    """One request; cost in US dollars."""

    trace_id: str
    name: str
    start: str
    end: str
    duration_us: int
    first_token_us: int | None
    status: str
    status_message: str
    http_status: int | None
    model: str
    route: str
    route_version: int | None
    user: str
    session: str
    environment: str
    release: str
    input: str
    output: str
    finish_reason: str
    input_tokens: int | None
    output_tokens: int | None
    cost: float | None
    cost_nano_usd: int | None


class TraceOut(TraceRow):
    """The request with every span; `truncated` when there are more than are shown. Other apps add lists of theirs."""

    model_config = ConfigDict(extra="allow")

    spans: list[SpanOut]
    truncated: bool
    feedback: list[dict[str, Any]] = []


class TraceList(Schema):
    traces: list[TraceRow]
    next_cursor: str | None


class TraceQuery(Schema):
    """Without times: the last 24 hours. `q` searches the words of the conversation."""

    start: datetime | None = Field(None, alias="from")
    end: datetime | None = Field(None, alias="to")
    status: Literal["", "ok", "error"] = ""
    model: str = Field("", max_length=200, pattern=NO_NUL)
    route: str = Field("", max_length=100, pattern=NO_NUL)
    user: str = Field("", max_length=200, pattern=NO_NUL)
    session: str = Field("", max_length=200, pattern=NO_NUL)
    q: str = Field("", max_length=500, pattern=NO_NUL)
    limit: int = Field(50, ge=1, le=200)
    cursor: str = Field("", max_length=200)


@router.get("", response=TraceList, summary="Traces, newest first")
def list_traces(request: HttpRequest, query: Query[TraceQuery]) -> Any:
    """Pages by `cursor`: pass the `next_cursor` of the answer before, with the same filters."""
    project = key_of(request).project
    page = queries.list_traces(project, _filter(query), cursor=_cursor(query.cursor), limit=query.limit)
    return {"traces": [_row(span) for span in page.rows], "next_cursor": page.older or None}


@router.get("/{trace_id}", response=TraceOut, summary="One trace with its spans and what people said of it")
def get_trace(request: HttpRequest, trace_id: str) -> Any:
    """404 for a trace of another project, as for one that does not exist."""
    project = key_of(request).project
    trace = queries.get_trace(project, parse_trace_id(trace_id))
    payloads = queries.payloads_of(project, trace)
    totals = {
        "duration_us": trace.duration_us,
        "start": _iso(trace.start),
        "end": _iso(trace.start + timedelta(microseconds=trace.duration_us)),
        "first_token_us": trace.totals.first_token_us,
        **_spent(trace.totals.input_tokens, trace.totals.output_tokens, trace.totals.cost_nano),
        "spans": [_span(span, payloads.get(span.span_id)) for span in trace.spans],
        "truncated": trace.cut,
    }
    return _row(trace.entry) | totals | annotations_of(project, trace.trace_id)


def parse_trace_id(text: str) -> uuid.UUID:
    """32 hexadecimal digits; ValidationError naming `trace_id` otherwise."""
    if not re.fullmatch("[0-9a-fA-F]{32}", text):
        raise ValidationError({"trace_id": "A trace_id has 32 hexadecimal digits."})
    return uuid.UUID(text)


def _filter(query: TraceQuery) -> queries.TraceFilter:
    try:
        within = window.between(query.start, query.end, clock.now())
    except window.BadWindow as error:
        raise ValidationError({error.field: str(error)}) from error
    return queries.TraceFilter(
        window=within,
        status=query.status,
        model=query.model,
        route=query.route,
        user=query.user,
        session=query.session,
        text=query.q,
    )


def _cursor(text: str) -> cursor.Cursor | None:
    try:
        return cursor.decode(text) if text else None
    except cursor.BadCursor as error:
        raise ValidationError({"cursor": str(error)}) from error


def _row(span: Span) -> dict[str, Any]:
    return {
        "trace_id": span.trace_id.hex,
        "name": span.name,
        **_times(span),
        "status": span.status,
        "status_message": span.status_message,
        "http_status": span.http_status,
        "model": span.response_model or span.request_model,
        "route": span.route,
        "route_version": span.route_version,
        "user": span.end_user,
        "session": span.session_id,
        "environment": span.environment,
        "release": span.release,
        "input": span.input_preview,
        "output": span.output_preview,
        "finish_reason": span.finish_reason,
        **_spent(span.input_tokens, span.output_tokens, span.cost_nano),
    }


def _span(span: Span, payload: SpanPayload | None) -> dict[str, Any]:
    return {
        "span_id": span.span_id,
        "parent_id": span.parent_id or None,
        "name": span.name,
        "kind": span.kind,
        "is_entry": span.is_entry,
        **_times(span),
        "status": span.status,
        "status_message": span.status_message,
        "attributes": payload.attributes if payload else {},
        "events": payload.events if payload else [],
        "request": payload.request if payload else None,
        "response": payload.response if payload else None,
        **_spent(span.input_tokens, span.output_tokens, span.cost_nano),
    }


def _times(span: Span) -> dict[str, Any]:
    return {
        "start": _iso(span.start_time),
        "end": _iso(span.start_time + timedelta(microseconds=span.duration_us)),
        "duration_us": span.duration_us,
        "first_token_us": span.first_token_us,
    }


def _spent(input_tokens: int | None, output_tokens: int | None, cost_nano: int | None) -> dict[str, Any]:
    return {
        "input_tokens": input_tokens,
        "output_tokens": output_tokens,
        "cost": None if cost_nano is None else float(dollars_from_nano(cost_nano)),
        "cost_nano_usd": cost_nano,
    }


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")
