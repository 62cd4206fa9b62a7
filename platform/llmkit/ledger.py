"""The form in which a gateway hands over what each model call costs: one JSON line before the call, one after it."""

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from llmkit.usage import Usage

FOLDER = "ledger"  # below the spool

MOST_TAGS = 16
LONGEST_TAG_NAME = 64
LONGEST_TAG_VALUE = 120


class LedgerRecord(msgspec.Struct, kw_only=True, omit_defaults=True):
    """One entry on its way to the ledger. Money is nano-dollars.

    kind: `reserve` before a model is called (amount_nano: the most it can cost), then `settle` (what it cost) or
    `release` (it cost nothing); `cache_hit` for an answer without a call (saved_nano: what the call would have cost).
    project_id, key_id, price_version: UUIDs as text; trace_id: 32 hex digits; span_id: 16 hex digits, of this attempt.
    occurred_ns: Unix nanoseconds of the attempt's begin, the same in all its records. model, provider: as the
    catalogue calls them. response_id: the provider's own id of its answer. tags: see `tags_of`. operation: as in the
    GenAI conventions (chat, embeddings). usage holds the provider's raw counts; estimated: counted here instead.
    """

    kind: Literal["reserve", "settle", "release", "cache_hit"]
    project_id: str
    trace_id: str
    span_id: str
    occurred_ns: int
    amount_nano: int = 0
    saved_nano: int = 0
    key_id: str = ""
    user: str = ""
    session: str = ""
    route: str = ""
    route_version: int | None = None
    model: str = ""
    provider: str = ""
    prompt_name: str = ""
    prompt_version: str = ""
    environment: str = ""
    tags: dict[str, str] = {}
    operation: str = ""
    response_id: str = ""
    usage: Usage | None = None
    estimated: bool = False
    price_version: str = ""


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(LedgerRecord)


def encode_ledger(*records: LedgerRecord) -> bytes:
    """One JSON line per record."""
    return _encoder.encode_lines(records)


def decode_ledger(line: bytes) -> LedgerRecord:
    """The record of one line; msgspec.MsgspecError when it is not one."""
    return _decoder.decode(line)


def tags_of(metadata: Mapping[str, Any] | None) -> dict[str, str]:
    """A request's metadata as tags to sum costs by: the first plain values of it, names and values cut to length."""
    tags: dict[str, str] = {}
    for name, value in (metadata or {}).items():
        if len(tags) == MOST_TAGS:
            break
        if name and isinstance(value, str | int | float):
            text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
            tags[name[:LONGEST_TAG_NAME]] = text[:LONGEST_TAG_VALUE]
    return tags
