"""From a Responses request to the chat request that asks for the same."""

from collections.abc import Sequence
from typing import Any

from msgspec import Raw

from apps.serving.dialects.base import WITH_USAGE, Invalid
from apps.serving.dialects.reading import others, raw, read, refuse
from apps.serving.dialects.responses.conversation import conversation
from apps.serving.dialects.responses.items import input_items
from apps.serving.dialects.responses.schema import Format, Item, Request, input_decoder, request_decoder
from apps.serving.dialects.responses.tools import tools_and_choice
from apps.serving.providers.base import Members

LOGPROBS = "message.output_text.logprobs"
_REFUSED = {
    "background": "answers are given at once; ask without it.",
    "conversation": "conversations are not stored here; send the items, or previous_response_id.",
    "prompt": "stored prompts of another platform can't be used here; send instructions and input.",
    "moderation": "this model has no moderation of its own.",
    "messages": "a response has input; messages belong to /v1/chat/completions.",
}
_TRANSLATED = frozenset(
    (
        "input", "instructions", "tools", "tool_choice", "parallel_tool_calls", "text", "reasoning",
        "max_output_tokens", "top_logprobs", "include", "stream_options",
    )
)  # fmt: skip
# What the platform itself deals with, and wishes that only change how the same question is answered.
_DROPPED = frozenset(
    (
        "store", "metadata", "previous_response_id", "truncation", "max_tool_calls", "context_management",
        "access_programs", "background_options", "image", "prompt_cache_options",
    )
)  # fmt: skip
_HERE = _TRANSLATED | _DROPPED | frozenset(_REFUSED)


def translate(members: Members, history: Sequence[Raw]) -> Members:
    """Invalid for what is wrong, and for what no chat completion can do."""
    refuse(members, _REFUSED)
    if bytes(members.get("n", b"1")) not in (b"1", b"null"):
        raise Invalid("n: a response has one answer only.", "n")
    request = read(members, request_decoder)
    before, now = _items(request, history)
    if not now and not before:
        raise Invalid("input: at least one item is required.", "input")
    found: dict[str, Any] = {"messages": conversation(request.instructions, before, now)}
    _add_options(found, request)
    found |= tools_and_choice(request)
    chat = others(members, _HERE) | {name: raw(value) for name, value in found.items()}
    if request.stream:
        chat["stream_options"] = WITH_USAGE
    return chat


def _items(request: Request, history: Sequence[Raw]) -> tuple[list[Item], list[Item]]:
    """Of the conversation so far, and of this request."""
    now = input_items(request.input)
    before = read({"input": raw(list(history))}, input_decoder).input if history else []
    return before, read({"input": raw(now)}, input_decoder).input


def _add_options(found: dict[str, Any], request: Request) -> None:
    if request.max_output_tokens is not None:
        found["max_completion_tokens"] = request.max_output_tokens
    if request.reasoning is not None and request.reasoning.effort is not None:
        found["reasoning_effort"] = request.reasoning.effort
    if request.text is not None and request.text.verbosity is not None:
        found["verbosity"] = request.text.verbosity
    if request.text is not None and request.text.format is not None:
        found |= _response_format(request.text.format)
    if request.top_logprobs or LOGPROBS in (request.include or ()):
        found["logprobs"] = True
    if request.top_logprobs:
        found["top_logprobs"] = request.top_logprobs


def _response_format(wanted: Format) -> dict[str, Any]:
    if wanted.type == "text":
        return {}
    if wanted.type == "json_object":
        return {"response_format": {"type": "json_object"}}
    if wanted.type != "json_schema":
        raise Invalid("text.format.type: text, json_object and json_schema are supported.", "text.format.type")
    schema: dict[str, Any] = {"name": wanted.name or "answer", "schema": wanted.schema}
    if wanted.description is not None:
        schema["description"] = wanted.description
    if wanted.strict is not None:
        schema["strict"] = wanted.strict
    return {"response_format": {"type": "json_schema", "json_schema": schema}}
