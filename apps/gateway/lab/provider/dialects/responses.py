"""OpenAI's Responses API: one message, as an object and as typed events."""

from collections.abc import Iterator
from typing import Any

from apps.gateway.lab.provider.dialects.content import CREATED, MODEL, Content, Frame, Usage, dumped

Event = dict[str, Any]


def body(content: Content) -> dict[str, Any]:
    return _response(content, "completed", [_item(content, "completed")])


def frames(content: Content) -> list[Frame]:
    numbered = ({**event, "sequence_number": number} for number, event in enumerate(_events(content)))
    return [Frame(dumped(event), event["type"]) for event in numbered]


def _events(content: Content) -> Iterator[Event]:
    started = _response(content, "in_progress", [])
    place = {"item_id": _item_id(content), "output_index": 0, "content_index": 0}
    yield {"type": "response.created", "response": started}
    yield {"type": "response.in_progress", "response": started}
    opening = {**_item(content, "in_progress"), "content": []}
    yield {"type": "response.output_item.added", "output_index": 0, "item": opening}
    yield {"type": "response.content_part.added", **place, "part": _part("")}
    for piece in content.pieces:
        yield {"type": "response.output_text.delta", **place, "delta": piece, "logprobs": []}
    yield {"type": "response.output_text.done", **place, "text": content.text, "logprobs": []}
    yield {"type": "response.content_part.done", **place, "part": _part(content.text)}
    yield {"type": "response.output_item.done", "output_index": 0, "item": _item(content, "completed")}
    yield {"type": "response.completed", "response": body(content)}


def _response(content: Content, status: str, output: list[Event]) -> dict[str, Any]:
    done = status == "completed"
    return {
        "id": f"resp_lab_{content.id}",
        "object": "response",
        "created_at": CREATED,
        "status": status,
        "error": None,
        "incomplete_details": None,
        "instructions": content.wants("instructions"),
        "max_output_tokens": content.wants("max_output_tokens"),
        "model": MODEL,
        "output": output,
        "parallel_tool_calls": True,
        "previous_response_id": content.wants("previous_response_id"),
        "store": True,
        "temperature": 1.0,
        "text": {"format": {"type": "text"}},
        "tool_choice": "auto",
        "tools": [],
        "top_p": 1.0,
        "truncation": "disabled",
        "usage": _usage(content.usage) if done and content.usage else None,
        "metadata": {},
    }


def _item_id(content: Content) -> str:
    return f"msg_lab_{content.id}"


def _item(content: Content, status: str) -> Event:
    part = _part(content.text)
    return {"id": _item_id(content), "type": "message", "status": status, "role": "assistant", "content": [part]}


def _part(text: str) -> Event:
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}


def _usage(counted: Usage) -> dict[str, Any]:
    return {
        "input_tokens": counted.input,
        "input_tokens_details": {"cached_tokens": counted.cached},
        "output_tokens": counted.output,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": counted.input + counted.output,
    }
