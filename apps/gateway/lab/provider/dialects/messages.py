"""Anthropic's Messages API."""

import json
from typing import Any

from apps.gateway.lab.provider.dialects.content import MODEL, Content, Frame, ToolCall, Usage, dumped
from apps.gateway.lab.texts import SIGNATURE, cut

Block = tuple[dict[str, Any], list[dict[str, Any]]]


def body(content: Content) -> dict[str, Any]:
    blocks: list[dict[str, Any]] = []
    if content.reasoning:
        thought = "".join(content.reasoning)
        blocks.append({"type": "thinking", "thinking": thought, "signature": SIGNATURE})
    if content.text or content.refusal:
        blocks.append({"type": "text", "text": content.text or content.refusal})
    blocks += [_tool(call) | {"input": json.loads(call.arguments)} for call in content.tools]
    whole = {**_head(content), "content": blocks, "stop_reason": _stop(content), "stop_sequence": None}
    return whole | ({"usage": usage(content.usage)} if content.usage else {})


def frames(content: Content) -> list[Frame]:
    """Events in Anthropic's order, with a ping after the first."""
    counted = content.usage or Usage(0, output=0)
    start = {**_head(content), "content": [], "stop_reason": None, "stop_sequence": None}
    events: list[dict[str, Any]] = [
        {"type": "message_start", "message": {**start, "usage": {**usage(counted), "output_tokens": 1}}},
        {"type": "ping"},
    ]
    for index, (block, deltas) in enumerate(_blocks(content)):
        events.append({"type": "content_block_start", "index": index, "content_block": block})
        events += [{"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas]
        events.append({"type": "content_block_stop", "index": index})
    delta = {"stop_reason": _stop(content), "stop_sequence": None}
    events.append({"type": "message_delta", "delta": delta, "usage": {"output_tokens": counted.output}})
    events.append({"type": "message_stop"})
    return [Frame(dumped(event), event["type"]) for event in events]


def usage(counted: Usage) -> dict[str, int]:
    """Anthropic's way of counting: what came from the cache, or went there, stands beside the input."""
    return {
        "input_tokens": counted.fresh,
        "cache_read_input_tokens": counted.cached,
        "cache_creation_input_tokens": counted.written,
        "output_tokens": counted.output,
    }


def _head(content: Content) -> dict[str, Any]:
    return {"id": f"msg_lab_{content.id}", "type": "message", "role": "assistant", "model": MODEL}


def _stop(content: Content) -> str:
    if content.refusal:
        return "refusal"
    return "tool_use" if content.tools else "end_turn"


def _tool(call: ToolCall) -> dict[str, Any]:
    return {"type": "tool_use", "id": call.id, "name": call.name, "input": {}}


def _blocks(content: Content) -> list[Block]:
    blocks: list[Block] = []
    if content.reasoning:
        thoughts = [{"type": "thinking_delta", "thinking": piece} for piece in content.reasoning]
        signed = {"type": "signature_delta", "signature": SIGNATURE}
        blocks.append(({"type": "thinking", "thinking": "", "signature": ""}, [*thoughts, signed]))
    pieces = content.pieces or cut(content.refusal)
    if pieces:
        blocks.append(({"type": "text", "text": ""}, [{"type": "text_delta", "text": piece} for piece in pieces]))
    for call in content.tools:
        fragments = [{"type": "input_json_delta", "partial_json": part} for part in cut(call.arguments)]
        blocks.append((_tool(call), fragments))
    return blocks
