"""From Converse's answer to a chat completion."""

from typing import Any

import msgspec
from msgspec import Raw, Struct

from apps.serving.providers.base import UNREADABLE
from apps.serving.providers.chat import counts
from apps.serving.providers.chat.completion import assistant, choice, completion, new_id, tool_call, unreadable
from llmkit.usage import count

FINISH_REASONS = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "tool_use": "tool_calls",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "guardrail_intervened": "content_filter",
    "content_filtered": "content_filter",
}


class ReasoningText(Struct):
    text: str = ""
    signature: str = ""


class Reasoning(Struct, rename="camel"):
    reasoning_text: ReasoningText | None = None
    redacted_content: str | None = None


class ToolUse(Struct, rename="camel"):
    tool_use_id: str
    name: str
    input: Raw = Raw(b"{}")


class Block(Struct, rename="camel"):
    text: str = ""
    tool_use: ToolUse | None = None
    reasoning_content: Reasoning | None = None


class Message(Struct):
    content: list[Block] = []


class Output(Struct):
    message: Message


class Answer(Struct, rename="camel"):
    output: Output
    stop_reason: str = ""
    usage: dict[str, Any] = {}


_decode = msgspec.json.Decoder(Answer).decode


def translate(body: bytes, created: int, model: str) -> bytes:
    """The chat completion; ProviderError for an error inside the 200 and for what can't be read."""
    try:
        answer = _decode(body)
    except UNREADABLE:
        raise unreadable(body) from None
    return completion(
        response_id=new_id(),
        created=created,
        model=model,
        choices=[choice(_message(answer.output.message.content), finish_reason(answer.stop_reason))],
        usage=usage(answer.usage),
    )


def finish_reason(stop_reason: str) -> str:
    return FINISH_REASONS.get(stop_reason, "stop")


def usage(counted: dict[str, Any]) -> dict[str, Any]:
    """inputTokens leave out what was read from or written to the prompt cache."""
    read, written = count(counted, "cacheReadInputTokens"), count(counted, "cacheWriteInputTokens")
    return counts.usage(
        count(counted, "inputTokens") + read + written,
        count(counted, "outputTokens"),
        prompt_details={"cached_tokens": read, "cache_creation_tokens": written},
        counted=counted,
    )


def signed(reasoning: Reasoning) -> dict[str, Any] | None:
    """Reasoning as it has to come back with the next turn, in the shape that Anthropic's has; None if unsigned."""
    if reasoning.redacted_content is not None:
        return {"type": "redacted_thinking", "data": reasoning.redacted_content}
    text = reasoning.reasoning_text
    if text is None or not text.signature:
        return None
    return {"type": "thinking", "thinking": text.text, "signature": text.signature}


def _message(blocks: list[Block]) -> dict[str, Any]:
    thoughts = [block.reasoning_content for block in blocks if block.reasoning_content is not None]
    uses = [block.tool_use for block in blocks if block.tool_use is not None]
    message = assistant(
        "".join(block.text for block in blocks),
        "".join(thought.reasoning_text.text for thought in thoughts if thought.reasoning_text is not None),
        [tool_call(use.tool_use_id, use.name, bytes(use.input).decode()) for use in uses],
    )
    if kept := [block for thought in thoughts if (block := signed(thought)) is not None]:
        message["thinking_blocks"] = kept
    return message
