"""Messages: system texts move to the top, tool results into the user's turn, images and files into sources."""

import re
from typing import Any

import msgspec

from apps.serving.providers.anthropic.schema import Message, ToolCall
from apps.serving.providers.base import UnsupportedRequest

Block = dict[str, Any]
_SYSTEM_ROLES = frozenset(("system", "developer"))
_DATA_URL = re.compile(r"data:([\w.+-]+/[\w.+-]+);base64,")
_MEDIA_TYPES = {"image/jpg": "image/jpeg"}


def conversation(messages: list[Message]) -> tuple[list[Block], list[Block]]:
    """The system blocks and the turns, turns of one role in a row merged; UnsupportedRequest naming the message."""
    system: list[Block] = []
    turns: list[Block] = []
    for position, message in enumerate(messages):
        where = f"messages[{position}]"
        if message.role in _SYSTEM_ROLES:
            system += _blocks(message, where)
            continue
        role, blocks = _turn(message, where)
        if turns and turns[-1]["role"] == role:
            turns[-1]["content"] += blocks
        elif blocks:
            turns.append({"role": role, "content": blocks})
    return system, turns


def _turn(message: Message, where: str) -> tuple[str, list[Block]]:
    if message.role == "user":
        return "user", _blocks(message, where)
    if message.role == "assistant":
        calls = [_tool_use(call, where) for call in message.tool_calls or ()]
        return "assistant", _blocks(message, where) + calls
    if message.role == "tool":
        result: Block = {"type": "tool_result", "tool_use_id": message.tool_call_id}
        if blocks := _blocks(message, where):
            result["content"] = blocks
        return "user", [result]
    raise UnsupportedRequest(f"{where}.role: {message.role!r} is not supported.", f"{where}.role")


def _tool_use(call: ToolCall, where: str) -> Block:
    arguments = call.function.arguments.strip().encode() or b"{}"
    try:
        msgspec.json.decode(arguments, type=dict[str, msgspec.Raw])
    except msgspec.DecodeError:
        param = f"{where}.tool_calls"
        raise UnsupportedRequest(f"{param}: the arguments of {call.id!r} are not a JSON object.", param) from None
    return {"type": "tool_use", "id": call.id, "name": call.function.name, "input": msgspec.Raw(arguments)}


def _blocks(message: Message, where: str) -> list[Block]:
    """Anthropic refuses empty texts, so they are left out."""
    content = message.content
    if content is None or content == "":
        return []
    if isinstance(content, str):
        return [{"type": "text", "text": content}]
    return [block for part in content if (block := _block(part, f"{where}.content"))]


def _block(part: Block, where: str) -> Block | None:
    kind = part.get("type")
    if kind in ("text", "refusal"):
        text = _string(part, kind, where)
        block: Block | None = {"type": "text", "text": text} if text else None
    elif kind == "image_url":
        block = {"type": "image", "source": _source(_string(_object(part, kind, where), "url", where))}
    elif kind == "file":
        block = {"type": "document", "source": _source(_string(_object(part, kind, where), "file_data", where))}
    else:
        raise UnsupportedRequest(f"{where}: parts of the type {kind!r} are not supported.", where)
    if block is not None and "cache_control" in part:
        block["cache_control"] = part["cache_control"]
    return block


def _source(url: str) -> Block:
    if found := _DATA_URL.match(url):
        media_type = found[1].lower()
        return {
            "type": "base64",
            "media_type": _MEDIA_TYPES.get(media_type, media_type),
            "data": url[found.end() :],
        }
    return {"type": "url", "url": url}


def _object(part: Block, name: str, where: str) -> Block:
    value = part.get(name)
    if not isinstance(value, dict):
        raise UnsupportedRequest(f"{where}: a part of the type {name!r} needs an object {name!r}.", where)
    return value


def _string(part: Block, name: str, where: str) -> str:
    value = part.get(name)
    if not isinstance(value, str):
        raise UnsupportedRequest(f"{where}: {name!r} has to be a string.", where)
    return value
