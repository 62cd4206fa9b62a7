"""Errors in Anthropic's shape; it has no place for a code or a parameter, the message names them."""

import msgspec

from apps.serving.dialects.base import ToldError
from llmkit import sse

_TYPES = {
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    408: "timeout_error",
    409: "conflict_error",
    413: "request_too_large",
    429: "rate_limit_error",
    503: "overloaded_error",
    504: "timeout_error",
    529: "overloaded_error",
}


def error_body(error: ToldError) -> bytes:
    usual = "invalid_request_error" if error.status < 500 else "api_error"
    told = {"type": _TYPES.get(error.status, usual), "message": error.message}
    return msgspec.json.encode({"type": "error", "error": told})


def error_event(error: ToldError) -> bytes:
    """The last event of a stream."""
    return sse.encode(error_body(error), "error")
