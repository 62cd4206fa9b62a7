"""The items that a response is made of, and those that its conversation goes on with."""

from typing import Any

import msgspec
from msgspec import Raw, Struct

from apps.serving.dialects.reading import raw, read
from apps.serving.dialects.responses.schema import request_decoder
from apps.serving.providers.base import Members

IN_PROGRESS, COMPLETED, INCOMPLETE = "in_progress", "completed", "incomplete"


class _Output(Struct):
    output: list[Raw]


_output = msgspec.json.Decoder(_Output)


def input_items(given: str | list[Raw]) -> list[Raw]:
    """A request's input as items."""
    if isinstance(given, str):
        return [raw({"type": "message", "role": "user", "content": [{"type": "input_text", "text": given}]})]
    return given


def items_of(request: Members, answer: bytes) -> list[Raw]:
    """What this turn adds to the conversation: the request's input and the response's output, oldest first."""
    return [*input_items(read(request, request_decoder).input), *_output.decode(answer).output]


def reasoning_item(item_id: str, text: bytes, status: str, encrypted: str | None = None) -> dict[str, Any]:
    """`text`: a JSON string, b"" for reasoning that is only sealed."""
    summary = [{"type": "summary_text", "text": Raw(text)}] if text else []
    item: dict[str, Any] = {"id": item_id, "type": "reasoning", "summary": summary, "status": status}
    if encrypted is not None:
        item["encrypted_content"] = encrypted
    return item


def message_item(item_id: str, content: list[dict[str, Any]], status: str) -> dict[str, Any]:
    return {"id": item_id, "type": "message", "role": "assistant", "status": status, "content": content}


def text_content(text: bytes, logprobs: list[Any]) -> dict[str, Any]:
    """`text`: a JSON string."""
    return {"type": "output_text", "text": Raw(text), "annotations": [], "logprobs": logprobs}


def refusal_content(text: bytes) -> dict[str, Any]:
    return {"type": "refusal", "refusal": Raw(text)}


def call_item(item_id: str, call_id: str, name: str, arguments: bytes, status: str) -> dict[str, Any]:
    """`arguments`: a JSON string."""
    return {
        "id": item_id,
        "type": "function_call",
        "call_id": call_id,
        "name": name,
        "arguments": Raw(arguments),
        "status": status,
    }
