"""From a chat completion to Anthropic's message."""

from typing import Any

import msgspec
from msgspec import Raw

from apps.serving.dialects.chat.schema import (
    Call,
    Choice,
    Message,
    arguments,
    first_choice,
    string,
    text_of,
)
from apps.serving.providers.base import Members
from apps.serving.providers.chat.completion import new_call_id, new_id
from llmkit.usage import Usage, read_usage

_STOP_REASONS = {
    "stop": "end_turn",
    "length": "max_tokens",
    "tool_calls": "tool_use",
    "function_call": "tool_use",
    "content_filter": "refusal",
}
_stops = msgspec.json.Decoder(list[str] | None)


def translate(request: Members, body: bytes) -> bytes:
    """The message; UnreadableAnswer for what is no chat completion."""
    completion, choice, message = first_choice(body)
    refused = bool(string(message.refusal))
    reason, sequence = stop_reason(choice, request, calls=bool(message.tool_calls), refused=refused)
    answer = opened(completion.id, completion.model, read_usage(completion.usage))
    answer |= {"content": _content(message), "stop_reason": reason, "stop_sequence": sequence}
    return msgspec.json.encode(answer)


def opened(response_id: str | None, model: str | None, counted: Usage | None) -> dict[str, Any]:
    """A message of which nothing has come yet. Its id is the completion's, in Anthropic's style."""
    token = (response_id or new_id()).removeprefix("chatcmpl-").removeprefix("msg_")
    return {
        "id": f"msg_{token}",
        "type": "message",
        "role": "assistant",
        "model": model or "",
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": usage(counted),
    }


def stop_reason(choice: Choice, request: Members, *, calls: bool, refused: bool) -> tuple[str, str | None]:
    """Why it ended, and the stop sequence where the server says which one it was."""
    reason = choice.finish_reason or "stop"
    if calls and reason == "stop":
        return "tool_use", None
    if refused and reason == "stop":
        return "refusal", None
    if reason == "stop" and isinstance(choice.stop_reason, str) and choice.stop_reason in _asked_stops(request):
        return "stop_sequence", choice.stop_reason
    return _STOP_REASONS.get(reason, "end_turn"), None


def usage(counted: Usage | None) -> dict[str, Any]:
    """Anthropic's input_tokens leave out what was read from or written to the prompt cache, ours don't."""
    counted = counted or Usage()
    read, written = counted.cached_tokens, counted.cache_creation_tokens
    found: dict[str, Any] = {
        "input_tokens": max(counted.prompt_tokens - read - written, 0),
        "cache_creation_input_tokens": written,
        "cache_read_input_tokens": read,
        "output_tokens": counted.completion_tokens,
    }
    if counted.reasoning_tokens:
        found["output_tokens_details"] = {"thinking_tokens": counted.reasoning_tokens}
    return found


def _asked_stops(request: Members) -> list[str]:
    return _stops.decode(request.get("stop_sequences", b"null")) or []


def _content(message: Message) -> list[dict[str, Any]]:
    thoughts: list[dict[str, Any]] = [thought.block() for thought in message.thinking_blocks or ()]
    if not thoughts and (thought := message.thought):
        thoughts = [{"type": "thinking", "thinking": Raw(thought), "signature": ""}]
    texts = [written for value in (message.content, message.refusal) if (written := string(value))]
    said = [{"type": "text", "text": Raw(text)} for text in texts]
    return [*thoughts, *said, *(_tool_use(call) for call in message.tool_calls or ())]


def _tool_use(call: Call) -> dict[str, Any]:
    name = (call.function and call.function.name) or ""
    return {"type": "tool_use", "id": call.id or new_call_id(), "name": name, "input": _input(call)}


def _input(call: Call) -> Any:
    """The arguments as an object, every digit kept; what isn't one, for example cut short, stays a text in one."""
    text = text_of(arguments(call.function))
    if not text.strip():
        return {}
    try:
        msgspec.json.decode(text, type=dict[str, Raw])
    except (msgspec.DecodeError, RecursionError):
        return {"arguments": text}
    return Raw(text.encode())
