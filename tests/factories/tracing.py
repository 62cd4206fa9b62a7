"""Span records and stored traces for tests."""

import uuid
from datetime import datetime, timedelta

import msgspec

from apps.accounts.models import Project
from apps.tracing.domain.rows import rows_of
from apps.tracing.engine.store import SpanStore
from apps.tracing.models import Span
from llmkit import clock
from llmkit import telemetry as t
from llmkit.ids import new_span_id, new_trace_id
from llmkit.telemetry import SpanRecord


def make_record(project: Project | uuid.UUID, **fields: object) -> SpanRecord:
    """An entry span of one second that began just now; `attributes` add to the usual ones."""
    attributes = {
        t.OPERATION: "chat",
        t.ROUTE: "support",
        t.REQUEST_MODEL: "support",
        t.RESPONSE_MODEL: "tiny-demo",
        t.INPUT_TOKENS: 12,
        t.OUTPUT_TOKENS: 34,
        t.COST_NANO: 5_600,
        t.TIME_TO_FIRST_CHUNK: 0.25,
        t.HTTP_STATUS: 200,
        t.FINISH_REASONS: ["stop"],
    } | fields.pop("attributes", {})
    start = fields.pop("start", None) or clock.now() - timedelta(seconds=2)
    start_ns = int(start.timestamp() * 1_000_000) * 1000
    duration = fields.pop("duration", timedelta(seconds=1))
    values = {
        "project_id": str(project.id if isinstance(project, Project) else project),
        "trace_id": new_trace_id(),
        "span_id": new_span_id(),
        "name": "chat support",
        "kind": "server",
        "status": "ok",
        "is_entry": True,
        "start_ns": start_ns,
        "end_ns": start_ns + int(duration / timedelta(microseconds=1)) * 1000,
        "attributes": {name: value for name, value in attributes.items() if value is not None},
    }
    return SpanRecord(**(values | fields))


def body(value: object) -> msgspec.Raw:
    """A JSON body as records carry it."""
    return msgspec.Raw(msgspec.json.encode(value))


def make_trace(
    project: Project,
    *,
    question: str = "Where is my order?",
    answer: str = "It left the harbor this morning.",
    start: datetime | None = None,
    user: str | None = None,
    session: str | None = None,
    failed: bool = False,
    **fields: object,
) -> Span:
    """Store a trace of an entry span and its model call; the entry as it was stored."""
    record = make_record(
        project,
        start=start,
        status="error" if failed else "ok",
        attributes={t.USER: user, t.SESSION: session} | fields.pop("attributes", {}),
        request=body({"model": "support", "messages": [{"role": "user", "content": question}]}),
        response=body({"choices": [{"message": {"role": "assistant", "content": answer}, "finish_reason": "stop"}]}),
        **fields,
    )
    call = make_record(
        project,
        trace_id=record.trace_id,
        parent_id=record.span_id,
        name="chat tiny-demo",
        kind="client",
        is_entry=False,
        start=start_of(record) + timedelta(milliseconds=5),
        duration=timedelta(milliseconds=900),
    )
    store(record, call)
    return Span.objects.get(trace_id=record.trace_id, span_id=record.span_id)


def start_of(record: SpanRecord) -> datetime:
    return rows_of(record, now=clock.now()).span.start_time


def store(*records: SpanRecord) -> int:
    """Store records as the shipper does; how many were new."""
    return SpanStore().save([rows_of(record, now=clock.now()) for record in records])
