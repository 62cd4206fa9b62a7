"""Errors in OpenAI's shape, which chat completions, responses and completions share."""

import msgspec

from apps.serving.dialects.base import ToldError
from llmkit import sse


def error_body(error: ToldError) -> bytes:
    told = {"message": error.message, "type": error.kind, "param": error.param, "code": error.code}
    return msgspec.json.encode({"error": told})


def error_event(error: ToldError) -> bytes:
    """The last event of a stream."""
    return sse.encode(error_body(error))
