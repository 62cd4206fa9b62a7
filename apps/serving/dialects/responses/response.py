"""The response object: what was asked, how it ended, what came out and what it cost."""

import time
from typing import Any

import msgspec
from msgspec import Raw

from apps.serving.dialects.base import ToldError
from apps.serving.dialects.chat.schema import Completion
from apps.serving.dialects.responses.items import COMPLETED, INCOMPLETE
from apps.serving.providers.base import Members
from llmkit.usage import Usage

_NULL = Raw(b"null")
# The members of the request that the answer tells back, with what they are where nobody says anything.
_TOLD_BACK = {
    "background": Raw(b"false"),
    "instructions": _NULL,
    "max_output_tokens": _NULL,
    "max_tool_calls": _NULL,
    "metadata": Raw(b"{}"),
    "parallel_tool_calls": Raw(b"true"),
    "previous_response_id": _NULL,
    "reasoning": Raw(b'{"effort":null,"summary":null}'),
    "store": Raw(b"true"),
    "temperature": Raw(b"1.0"),
    "text": Raw(b'{"format":{"type":"text"}}'),
    "tool_choice": Raw(b'"auto"'),
    "tools": Raw(b"[]"),
    "top_logprobs": Raw(b"0"),
    "top_p": Raw(b"1.0"),
    "truncation": Raw(b'"disabled"'),
    "user": _NULL,
}
_INCOMPLETE = {"length": "max_output_tokens", "content_filter": "content_filter"}
_ERROR_CODES = {429: "rate_limit_exceeded", 400: "invalid_prompt", 413: "invalid_prompt", 422: "invalid_prompt"}
Response = dict[str, Any]


def begun(request: Members, completion: Completion, token: str) -> Response:
    """A response that nothing has come of yet, every value of it on a single line."""
    told = {name: _told(request, name, default) for name, default in _TOLD_BACK.items()}
    model = completion.model or msgspec.json.decode(request.get("model", b'""'))
    return {
        "id": f"resp_{token}",
        "object": "response",
        "created_at": int(completion.created or time.time()),
        "status": "in_progress",
        "error": None,
        "incomplete_details": None,
        "model": model,
        "output": [],
        **told,
        "usage": None,
    }


def _told(request: Members, name: str, default: Raw) -> Raw:
    value = bytes(request.get(name, _NULL))
    return default if value == b"null" else Raw(msgspec.json.format(value, indent=-1))


def ended(response: Response, finish_reason: str | None, output: list[Any], usage: Usage | None) -> Response:
    reason = _INCOMPLETE.get(finish_reason or "")
    details = None if reason is None else {"reason": reason}
    return response | {
        "status": status_of(finish_reason),
        "incomplete_details": details,
        "output": output,
        "usage": _usage(usage),
    }


def failed(response: Response, error: ToldError, output: list[Any], usage: Usage | None) -> Response:
    """The code is one of the few that clients know here."""
    told = {
        "code": _ERROR_CODES.get(error.status, "server_error"),
        "message": error.message,
        "type": error.kind,
        "param": error.param,
    }
    return response | {"status": "failed", "error": told, "output": output, "usage": _usage(usage)}


def status_of(finish_reason: str | None) -> str:
    return INCOMPLETE if finish_reason in _INCOMPLETE else COMPLETED


def _usage(counted: Usage | None) -> dict[str, Any] | None:
    if counted is None:
        return None
    read = {"cached_tokens": counted.cached_tokens, "cache_write_tokens": counted.cache_creation_tokens}
    return {
        "input_tokens": counted.prompt_tokens,
        "input_tokens_details": read,
        "output_tokens": counted.completion_tokens,
        "output_tokens_details": {"reasoning_tokens": counted.reasoning_tokens},
        "total_tokens": counted.prompt_tokens + counted.completion_tokens,
    }
