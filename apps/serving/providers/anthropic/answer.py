"""From Anthropic's message to a chat completion."""

from typing import Any

import msgspec

from apps.serving.providers.anthropic.schema import Answer, Usage, answer_decoder
from apps.serving.providers.base import UNREADABLE, ProviderError
from apps.serving.providers.failures import error_in_body

FINISH_REASONS = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "pause_turn": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_use": "tool_calls",
    "refusal": "content_filter",
}


def translate(body: bytes, created: int) -> bytes:
    """The chat completion; ProviderError for an error inside the 200 and for what can't be read."""
    try:
        answer = answer_decoder.decode(body)
    except UNREADABLE:
        raise _failure(body) from None
    completion = {
        "id": answer.id,
        "object": "chat.completion",
        "created": created,
        "model": answer.model,
        "choices": [
            {
                "index": 0,
                "message": _message(answer),
                "logprobs": None,
                "finish_reason": finish_reason(answer.stop_reason),
            }
        ],
        "usage": usage(answer.usage),
    }
    return msgspec.json.encode(completion)


def finish_reason(stop_reason: str | None) -> str:
    return FINISH_REASONS.get(stop_reason or "", "stop")


def usage(counted: Usage) -> dict[str, Any]:
    """OpenAI's prompt_tokens include the cached ones; what was written to the cache has a price of its own."""
    read, written = counted.cache_read_input_tokens or 0, counted.cache_creation_input_tokens or 0
    prompt, completion = (counted.input_tokens or 0) + read + written, counted.output_tokens or 0
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
        "prompt_tokens_details": {"cached_tokens": read, "cache_creation_tokens": written},
    }


def _message(answer: Answer) -> dict[str, Any]:
    text = "".join(block.text for block in answer.content if block.type == "text")
    calls = [
        {
            "id": block.id,
            "type": "function",
            "function": {"name": block.name, "arguments": bytes(block.input).decode()},
        }
        for block in answer.content
        if block.type == "tool_use"
    ]
    message: dict[str, Any] = {"role": "assistant", "content": text or (None if calls else ""), "refusal": None}
    if reasoning := "".join(block.thinking for block in answer.content if block.type == "thinking"):
        message["reasoning_content"] = reasoning
    if calls:
        message["tool_calls"] = calls
    return message


def _failure(body: bytes) -> ProviderError:
    try:
        found = msgspec.json.decode(body)
    except UNREADABLE:
        found = None
    if isinstance(found, dict) and "error" in found:
        return error_in_body(found["error"])
    return ProviderError(502, "The provider's answer could not be read.")
