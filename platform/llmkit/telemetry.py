"""The one form in which every process hands its spans over: OpenTelemetry's data model, GenAI names.

Names follow the GenAI semantic conventions 1.41; what they lack is under `flywheel.`.
"""

from typing import Any

import msgspec

# --- GenAI semantic conventions ---------------------------------------------------------------------------------
OPERATION = "gen_ai.operation.name"
PROVIDER = "gen_ai.provider.name"
CONVERSATION = "gen_ai.conversation.id"
REQUEST_MODEL = "gen_ai.request.model"
REQUEST_STREAM = "gen_ai.request.stream"
RESPONSE_MODEL = "gen_ai.response.model"
RESPONSE_ID = "gen_ai.response.id"
FINISH_REASONS = "gen_ai.response.finish_reasons"
TIME_TO_FIRST_CHUNK = "gen_ai.response.time_to_first_chunk"  # seconds until the first content
INPUT_TOKENS = "gen_ai.usage.input_tokens"  # cached tokens included
OUTPUT_TOKENS = "gen_ai.usage.output_tokens"  # reasoning tokens included
CACHED_TOKENS = "gen_ai.usage.cache_read.input_tokens"
PROMPT_NAME = "gen_ai.prompt.name"
ERROR_TYPE = "error.type"
HTTP_STATUS = "http.response.status_code"
SERVER_ADDRESS = "server.address"
USER = "user.id"
SESSION = "session.id"
ENVIRONMENT = "deployment.environment.name"
RELEASE = "service.version"

# --- Flywheel's own ---------------------------------------------------------------------------------------------
PROJECT = "flywheel.project.id"
KEY = "flywheel.key.id"
ROUTE = "flywheel.route.name"
ROUTE_VERSION = "flywheel.route.version"
PROMPT_VERSION = "flywheel.prompt.version"
COST_NANO = "flywheel.cost.nano_usd"
PRICE_VERSION = "flywheel.price.version"
USAGE_ESTIMATED = "flywheel.usage.estimated"
ATTEMPT = "flywheel.attempt.number"  # of a request that took several
TARGET = "flywheel.attempt.target"  # the catalogue's name of the model
CHOICE = "flywheel.attempt.reason"  # why this target, in words
CUT_OFF = "flywheel.attempt.cut_off"  # ended from here: the caller left, or another attempt was quicker
CLIENT_GONE = "flywheel.client.disconnected"
PAYLOAD_TRUNCATED = "flywheel.payload.truncated"  # a body was longer than what a record keeps
CACHE = "flywheel.cache"  # exact, semantic or shared: where an answer came from without a call; check: asked again
CACHE_SIMILARITY = "flywheel.cache.similarity"  # of the question to the known one, 0 to 1
REPLAYED = "flywheel.idempotency.replayed"
CONFIDENCE = "flywheel.answer.confidence"  # exp of the mean log-probability of the answer's tokens, 0 to 1


# A record without a body refers to this very object: it is left out of the line because it is the default.
NO_BODY = msgspec.Raw(b"")


class SpanRecord(msgspec.Struct, kw_only=True, omit_defaults=True):
    """One finished span on its way to storage.

    project_id: UUID as text; trace_id: 32 hex digits; span_id, parent_id: 16 hex digits ("" for a root).
    start_ns, end_ns: Unix nanoseconds. kind: internal, server, client, producer or consumer.
    status: unset, ok or error. is_entry marks the span that the traces page lists: a request as the platform
    received it. request, response: the JSON bodies as they crossed the wire; stream: the answer's raw SSE text,
    which is put together only when the span is stored.
    """

    project_id: str
    trace_id: str
    span_id: str
    name: str
    start_ns: int
    end_ns: int
    parent_id: str = ""
    kind: str = "internal"
    status: str = "unset"
    status_message: str = ""
    is_entry: bool = False
    attributes: dict[str, Any] = {}
    events: list[dict[str, Any]] = []
    request: msgspec.Raw = NO_BODY
    response: msgspec.Raw = NO_BODY
    stream: str = ""


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(SpanRecord)


def encode_records(records: list[SpanRecord]) -> bytes:
    """One JSON line per record. Raw bodies must be valid JSON; line breaks inside them are kept out of the line."""
    lines = _encoder.encode_lines(records)
    if lines.count(b"\n") == len(records) and b"\r" not in lines:
        return lines
    return b"".join(_line(record) for record in records)


def decode_record(line: bytes) -> SpanRecord:
    """The record of one line; msgspec.DecodeError when it is not one."""
    return _decoder.decode(line)


def _line(record: SpanRecord) -> bytes:
    # JSON allows line breaks only between tokens, where a space means the same.
    return _encoder.encode(record).replace(b"\n", b" ").replace(b"\r", b" ") + b"\n"
