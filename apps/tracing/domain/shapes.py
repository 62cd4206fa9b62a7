"""The rows of a span as they are copied into Postgres: the order of the fields is the order of the columns."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple


class SpanRow(NamedTuple):
    """The columns of tracing_span."""

    start_time: datetime
    project_id: uuid.UUID
    trace_id: uuid.UUID
    span_id: str
    parent_id: str
    is_entry: bool
    name: str
    kind: str
    status: str
    status_message: str
    duration_us: int
    first_token_us: int | None
    operation: str
    provider: str
    request_model: str
    response_model: str
    route: str
    route_version: int | None
    prompt_name: str
    prompt_version: str
    end_user: str
    session_id: str
    environment: str
    release: str
    key_id: uuid.UUID | None
    http_status: int | None
    error_type: str
    finish_reason: str
    input_tokens: int | None
    output_tokens: int | None
    cached_tokens: int | None
    usage_estimated: bool
    cost_nano: int | None
    price_version_id: uuid.UUID | None
    input_preview: str
    output_preview: str


class PayloadRow(NamedTuple):
    """The columns of tracing_spanpayload; JSON as text."""

    start_time: datetime
    project_id: uuid.UUID
    trace_id: uuid.UUID
    span_id: str
    request: str | None
    response: str | None
    attributes: str
    events: str
    input_text: str
    output_text: str


@dataclass(frozen=True)
class Rows:
    span: SpanRow
    payload: PayloadRow
