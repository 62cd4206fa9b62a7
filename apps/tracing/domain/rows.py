"""A span record as the two rows that are stored of it: wide columns and payload."""

import json
import re
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from apps.tracing.domain import conversation, streams
from apps.tracing.domain.columns import MAX_BIGINT, Columns
from apps.tracing.domain.sanitise import clean, is_deep, needs_repair, repair, shorten
from apps.tracing.domain.shapes import PayloadRow, Rows, SpanRow
from llmkit import telemetry as t

# Nothing older arrives on an honest road, and each day that is named gets a partition.
OLDEST = timedelta(days=90)
NEWEST = timedelta(days=1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LONGEST_US = 400 * 24 * 3600 * 1_000_000
PREVIEW = 200
KINDS = {"internal", "server", "client", "producer", "consumer"}
STATUSES = {"unset", "ok", "error"}
SANITISED = "flywheel.sanitised"  # names what was cut or left out of the columns
_SPAN_ID = re.compile("[0-9a-f]{16}")
_TRACE_ID = re.compile("[0-9a-f]{32}")


class Unstorable(ValueError):
    """A record that no row can be made of; the text says why."""


def decode(line: bytes) -> t.SpanRecord:
    """The record of a spool line, mended where that is possible; Unstorable otherwise."""
    try:
        return t.decode_record(repair(line) if needs_repair(line) else line)
    except RecursionError:
        raise Unstorable("nested too deeply to be read") from None
    except (msgspec.MsgspecError, ValueError):
        pass
    try:
        return t.decode_record(repair(line))
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise Unstorable(f"no span record: {error}") from None


def rows_of(record: t.SpanRecord, *, now: datetime) -> Rows:
    """The rows of a record; Unstorable when its ids or times make no sense at `now`."""
    key: dict[str, Any] = {
        "start_time": _start(record, now),
        "project_id": _uuid("project_id", record.project_id),
        "trace_id": _trace_id(record),
        "span_id": _span_id(record),
    }
    request, request_json = _body(record.request)
    response, response_json = _stream(record.stream) if record.stream else _body(record.response)
    asked, answered = conversation.asked(request), conversation.answered(response)
    columns = Columns(record.attributes)
    span = SpanRow(
        **key,
        **_own_columns(record, columns),
        **_attribute_columns(columns),
        input_preview=shorten(conversation.last_words(asked, "user"), PREVIEW),
        output_preview=shorten(conversation.last_words(answered), PREVIEW),
    )
    payload = PayloadRow(
        **key,
        request=request_json,
        response=response_json,
        attributes=_json(_marked(record.attributes, columns.changed)),
        events=_json(record.events),
        input_text=conversation.words_of(asked),
        output_text=conversation.words_of(answered),
    )
    return Rows(span=span, payload=payload)


def _own_columns(record: t.SpanRecord, columns: Columns) -> dict[str, Any]:
    duration_us = (record.end_ns - record.start_ns) // 1000
    if not 0 <= duration_us <= LONGEST_US:
        columns.changed.append("end")
    parent_id = record.parent_id.lower()
    if parent_id and not _SPAN_ID.fullmatch(parent_id):
        columns.changed.append("parent_id")
        parent_id = ""
    return {
        "parent_id": parent_id,
        "is_entry": record.is_entry,
        "name": columns.cut("name", record.name, 200),
        "kind": record.kind if record.kind in KINDS else "internal",
        "status": record.status if record.status in STATUSES else "unset",
        "status_message": columns.cut("status_message", record.status_message, 2000),
        "duration_us": min(max(duration_us, 0), LONGEST_US),
    }


def _attribute_columns(columns: Columns) -> dict[str, Any]:
    return {
        "first_token_us": columns.microseconds(t.TIME_TO_FIRST_CHUNK),
        "operation": columns.text(t.OPERATION, 40),
        "provider": columns.text(t.PROVIDER, 60),
        "request_model": columns.text(t.REQUEST_MODEL, 200),
        "response_model": columns.text(t.RESPONSE_MODEL, 200),
        "route": columns.text(t.ROUTE, 100),
        "route_version": columns.integer(t.ROUTE_VERSION),
        "prompt_name": columns.text(t.PROMPT_NAME, 200),
        "prompt_version": columns.text(t.PROMPT_VERSION, 60),
        "end_user": columns.text(t.USER, 200),
        "session_id": columns.text(t.SESSION, 200) or columns.text(t.CONVERSATION, 200),
        "environment": columns.text(t.ENVIRONMENT, 60),
        "release": columns.text(t.RELEASE, 60),
        "key_id": columns.uuid(t.KEY),
        "http_status": columns.integer(t.HTTP_STATUS, low=100, high=999),
        "error_type": columns.text(t.ERROR_TYPE, 100),
        "finish_reason": columns.text(t.FINISH_REASONS, 40),
        "input_tokens": columns.integer(t.INPUT_TOKENS),
        "output_tokens": columns.integer(t.OUTPUT_TOKENS),
        "cached_tokens": columns.integer(t.CACHED_TOKENS),
        "usage_estimated": columns.attributes.get(t.USAGE_ESTIMATED) is True,
        "cost_nano": columns.integer(t.COST_NANO, high=MAX_BIGINT),
        "price_version_id": columns.uuid(t.PRICE_VERSION),
    }


def _start(record: t.SpanRecord, now: datetime) -> datetime:
    oldest, newest = (int((bound - EPOCH).total_seconds()) * 10**9 for bound in (now - OLDEST, now + NEWEST))
    if not oldest <= record.start_ns <= newest:
        raise Unstorable(f"start_ns: more than {OLDEST.days} days ago or {NEWEST.days} day ahead")
    return EPOCH + timedelta(microseconds=record.start_ns // 1000)


def _uuid(name: str, text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError:
        raise Unstorable(f"{name}: no UUID") from None


def _trace_id(record: t.SpanRecord) -> uuid.UUID:
    text = record.trace_id.lower()
    if not _TRACE_ID.fullmatch(text) or text == "0" * 32:
        raise Unstorable("trace_id: not 32 hex digits, or all zero")
    return uuid.UUID(text)


def _span_id(record: t.SpanRecord) -> str:
    text = record.span_id.lower()
    if not _SPAN_ID.fullmatch(text) or text == "0" * 16:
        raise Unstorable("span_id: not 16 hex digits, or all zero")
    return text


def _body(raw: msgspec.Raw) -> tuple[Any, str | None]:
    """A body as a value and as JSON text: its own text, so that no digit changes on the way."""
    text = bytes(raw).decode()
    if not text:
        return None, None
    value = msgspec.json.decode(raw)
    if is_deep(value):
        value = {SANITISED: "nested too deeply", "beginning": text[:2000]}
        text = _json(value)
    return value, text


def _stream(text: str) -> tuple[Any, str]:
    response = streams.assemble(text)
    value = {SANITISED: "nested too deeply"} if is_deep(response) else clean(response)
    return value, _json(value)


def _json(value: Any) -> str:
    if is_deep(value):
        value = {SANITISED: "nested too deeply"}
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _marked(attributes: dict[str, Any], changed: list[str]) -> dict[str, Any]:
    return attributes | {SANITISED: sorted(changed)} if changed else attributes
