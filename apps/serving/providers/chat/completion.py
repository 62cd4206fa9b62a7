"""A chat completion in one piece, as every translator writes it."""

import secrets
from collections.abc import Sequence
from typing import Any

import msgspec

from apps.serving.providers.base import UNREADABLE, ProviderError
from apps.serving.providers.failures import error_in_body


def new_id() -> str:
    """For answers that bring none."""
    return f"chatcmpl-{secrets.token_hex(12)}"


def new_call_id() -> str:
    return f"call_{secrets.token_hex(12)}"


def completion(
    *, response_id: str, created: int, model: str, choices: Sequence[dict[str, Any]], usage: dict[str, Any] | None
) -> bytes:
    return msgspec.json.encode(
        {
            "id": response_id,
            "object": "chat.completion",
            "created": created,
            "model": model,
            "choices": choices,
            "usage": usage,
        }
    )


def choice(message: dict[str, Any], finish_reason: str, index: int = 0, logprobs: Any = None) -> dict[str, Any]:
    return {"index": index, "message": message, "logprobs": logprobs, "finish_reason": finish_reason}


def assistant(text: str, reasoning: str = "", calls: Sequence[dict[str, Any]] = ()) -> dict[str, Any]:
    """The message; without any text its content is null if it calls tools."""
    message: dict[str, Any] = {"role": "assistant", "content": text or (None if calls else ""), "refusal": None}
    if reasoning:
        message["reasoning_content"] = reasoning
    if calls:
        message["tool_calls"] = list(calls)
    return message


def tool_call(call_id: str, name: str, arguments: str) -> dict[str, Any]:
    return {"id": call_id, "type": "function", "function": {"name": name, "arguments": arguments}}


def unreadable(body: bytes) -> ProviderError:
    """For a 200 that is no answer: the error it holds, or that it can't be read."""
    try:
        found = msgspec.json.decode(body)
    except UNREADABLE:
        found = None
    if isinstance(found, dict) and found.get("error"):
        return error_in_body(found["error"])
    return ProviderError(502, "The provider's answer could not be read.")
