"""From Anthropic's message to a chat completion."""

from typing import Any

from apps.serving.providers.anthropic.schema import Answer, Block, answer_decoder
from apps.serving.providers.base import UNREADABLE
from apps.serving.providers.chat import counts
from apps.serving.providers.chat.completion import assistant, choice, completion, tool_call, unreadable
from llmkit.usage import count

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
        raise unreadable(body) from None
    return completion(
        response_id=answer.id,
        created=created,
        model=answer.model,
        choices=[choice(_message(answer), finish_reason(answer.stop_reason))],
        usage=usage(answer.usage),
    )


def finish_reason(stop_reason: str | None) -> str:
    return FINISH_REASONS.get(stop_reason or "", "stop")


def usage(counted: dict[str, Any]) -> dict[str, Any]:
    """Anthropic's input_tokens leave out what was read from or written to the prompt cache, OpenAI's don't."""
    read, written = count(counted, "cache_read_input_tokens"), count(counted, "cache_creation_input_tokens")
    return counts.usage(
        count(counted, "input_tokens") + read + written,
        count(counted, "output_tokens"),
        prompt_details={"cached_tokens": read, "cache_creation_tokens": written},
        counted=counted,
    )


def signed(block: Block) -> dict[str, Any]:
    """Reasoning as it has to come back with the next turn, unchanged."""
    if block.type == "redacted_thinking":
        return {"type": block.type, "data": block.data}
    return {"type": block.type, "thinking": block.thinking, "signature": block.signature}


def _message(answer: Answer) -> dict[str, Any]:
    blocks = answer.content
    message = assistant(
        "".join(block.text for block in blocks if block.type == "text"),
        "".join(block.thinking for block in blocks if block.type == "thinking"),
        [tool_call(block.id, block.name, bytes(block.input).decode()) for block in blocks if block.type == "tool_use"],
    )
    if thinking := [signed(block) for block in blocks if block.signature or block.type == "redacted_thinking"]:
        message["thinking_blocks"] = thinking
    return message
