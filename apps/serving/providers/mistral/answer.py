"""From Mistral's answers to OpenAI's: they differ in reasoning, in tool calls' types, and in two finish reasons."""

import re
from typing import Any

import msgspec

from apps.serving.providers.base import UNREADABLE, ProviderError
from apps.serving.providers.chat.completion import unreadable

# Nothing else in an answer has to be changed.
DIFFERENT = re.compile(rb'"content"\s*:\s*\[|"tool_calls"\s*:\s*\[\s*\{|"finish_reason"\s*:\s*"(?:model_length|error)"')
_FINISH_REASONS = {"model_length": "length"}


def translate(body: bytes) -> bytes:
    """The very bytes unless something in them differs; ProviderError for what can't be read."""
    if DIFFERENT.search(body) is None:
        return body
    try:
        answer = msgspec.json.decode(body)
        return msgspec.json.encode(adapted(answer))
    except UNREADABLE:
        raise unreadable(body) from None


def adapted(answer: Any) -> Any:
    """A decoded answer or chunk in OpenAI's shape; ProviderError if the model broke off."""
    choices = answer.get("choices") if isinstance(answer, dict) else None
    for choice in choices if isinstance(choices, list) else ():
        if isinstance(choice, dict):
            _adapt(choice)
    return answer


def _adapt(choice: dict[str, Any]) -> None:
    reason = choice.get("finish_reason")
    if reason == "error":
        raise ProviderError(502, "The provider broke off its answer.")
    if reason is not None:
        choice["finish_reason"] = _FINISH_REASONS.get(reason, reason)
    message = choice.get("message") or choice.get("delta")
    if not isinstance(message, dict):
        return
    content = message.get("content")
    if isinstance(content, list):
        message["content"] = _texts(content)
        if reasoning := _texts(part for chunk in content for part in _thoughts(chunk)):
            message["reasoning_content"] = reasoning
    for position, call in enumerate(message.get("tool_calls") or ()):
        if isinstance(call, dict):
            call.setdefault("type", "function")
            if "delta" in choice:
                call.setdefault("index", position)


def _thoughts(chunk: Any) -> list[Any]:
    thinking = chunk.get("thinking") if isinstance(chunk, dict) else None
    if isinstance(thinking, str):
        return [{"type": "text", "text": thinking}]
    return thinking if isinstance(thinking, list) else []


def _texts(chunks: Any) -> str:
    return "".join(chunk["text"] for chunk in chunks if isinstance(chunk, dict) and isinstance(chunk.get("text"), str))
