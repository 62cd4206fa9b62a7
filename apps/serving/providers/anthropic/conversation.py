"""Messages: system texts move to the top, tool results into the user's turn, images and files into sources."""

from apps.serving.providers.chat.parts import Media, Part, Text, read_content, unsupported_part
from apps.serving.providers.chat.schema import Message
from apps.serving.providers.chat.tools import arguments
from apps.serving.providers.chat.turns import SYSTEM_ROLES, Block, merged, placed

_TYPES = {"image": "image", "file": "document"}


def conversation(messages: list[Message]) -> tuple[list[Block], list[Block]]:
    """The system blocks and the turns, turns of one role in a row merged; UnsupportedRequest naming the message."""
    system: list[Block] = []
    turns: list[tuple[str, list[Block]]] = []
    for message, where in placed(messages):
        if message.role in SYSTEM_ROLES:
            system += _blocks(message, where)
        else:
            turns.append(_turn(message, where))
    return system, merged(turns)


def _turn(message: Message, where: str) -> tuple[str, list[Block]]:
    blocks = _blocks(message, where)
    if message.role == "assistant":
        calls: list[Block] = [
            {"type": "tool_use", "id": call.id, "name": call.function.name, "input": arguments(call, where)}
            for call in message.tool_calls or ()
        ]
        return "assistant", [*(message.thinking_blocks or ()), *blocks, *calls]
    if message.role == "tool":
        result: Block = {"type": "tool_result", "tool_use_id": message.tool_call_id}
        if blocks:
            result["content"] = blocks
        return "user", [result]
    return "user", blocks


def _blocks(message: Message, where: str) -> list[Block]:
    return [_block(part, where) for part in read_content(message, where)]


def _block(part: Part, where: str) -> Block:
    if isinstance(part, Text):
        block: Block = {"type": "text", "text": part.text}
    elif part.kind in _TYPES:
        block = {"type": _TYPES[part.kind], "source": _source(part)}
    else:
        raise unsupported_part(where, "audio", "Anthropic")
    if part.cache_control is not None:
        block["cache_control"] = part.cache_control
    return block


def _source(media: Media) -> Block:
    if media.url:
        return {"type": "url", "url": media.url}
    return {"type": "base64", "media_type": media.media_type, "data": media.data}
