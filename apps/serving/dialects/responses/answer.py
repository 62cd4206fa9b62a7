"""From a chat completion to a response."""

from typing import Any

import msgspec

from apps.serving.dialects.chat.logprobs import read_logprobs
from apps.serving.dialects.chat.schema import Call, Choice, Message, arguments, first_choice, string
from apps.serving.dialects.responses.items import (
    COMPLETED,
    call_item,
    message_item,
    reasoning_item,
    refusal_content,
    text_content,
)
from apps.serving.dialects.responses.reasoning import sealed
from apps.serving.dialects.responses.response import begun, ended, status_of
from apps.serving.providers.base import Members
from apps.serving.providers.chat.completion import new_call_id
from llmkit.usage import read_usage

EMPTY = b'""'


def translate(request: Members, body: bytes, token: str) -> bytes:
    """The response; UnreadableAnswer for what is no chat completion."""
    completion, choice, message = first_choice(body)
    output = _output(message, choice, token)
    if output:
        output[-1]["status"] = status_of(choice.finish_reason)
    usage = read_usage(completion.usage)
    return msgspec.json.encode(ended(begun(request, completion, token), choice.finish_reason, output, usage))


def _output(message: Message, choice: Choice, token: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    thought, seal = message.thought, sealed(message.thinking_blocks or [])
    if thought or seal:
        found.append(reasoning_item(f"rs_{token}_0", thought, COMPLETED, seal))
    if said := _said(message, choice):
        found.append(message_item(f"msg_{token}_{len(found)}", said, COMPLETED))
    for call in message.tool_calls or ():
        found.append(_call(call, f"fc_{token}_{len(found)}"))
    return found


def _said(message: Message, choice: Choice) -> list[dict[str, Any]]:
    """The parts of the message; one without any is left out."""
    text, refusal = string(message.content), string(message.refusal)
    found = [text_content(text, read_logprobs(choice.logprobs))] if text else []
    return [*found, refusal_content(refusal)] if refusal else found


def _call(call: Call, item_id: str) -> dict[str, Any]:
    name = (call.function and call.function.name) or ""
    return call_item(item_id, call.id or new_call_id(), name, arguments(call.function) or EMPTY, COMPLETED)
