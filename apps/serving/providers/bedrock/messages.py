"""From messages to those of Bedrock's Converse: system texts apart, tool results in the user's turn, cache points."""

import re
from typing import Any

from apps.serving.providers.base import UnsupportedRequest
from apps.serving.providers.chat.parts import Media, Part, Text, read_content, unsupported_part
from apps.serving.providers.chat.schema import Message
from apps.serving.providers.chat.tools import arguments
from apps.serving.providers.chat.turns import SYSTEM_ROLES, Block, merged, placed

_IMAGES = {"image/png": "png", "image/jpeg": "jpeg", "image/gif": "gif", "image/webp": "webp"}
_SOUNDS = frozenset(("mp3", "opus", "wav", "aac", "flac", "mp4", "ogg", "m4a", "mpeg", "pcm", "webm"))
_DOCUMENTS = {
    "application/pdf": "pdf",
    "text/csv": "csv",
    "text/html": "html",
    "text/plain": "txt",
    "text/markdown": "md",
    "application/msword": "doc",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "application/vnd.ms-excel": "xls",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
}
_S3 = "s3://"


def messages(given: list[Message]) -> tuple[list[Block], list[Block]]:
    """The system blocks and the turns, turns of one role in a row merged; UnsupportedRequest naming the message."""
    system: list[Block] = []
    turns: list[tuple[str, list[Block]]] = []
    for message, where in placed(given):
        if message.role in SYSTEM_ROLES:
            system += _blocks(message, where)
        else:
            turns.append(_turn(message, where))
    return system, merged(turns)


def cache_point(mark: Any) -> list[Block]:
    """What a cache_control on a part or tool becomes: a block of its own behind it."""
    if mark is None:
        return []
    point: Block = {"type": "default"}
    if isinstance(mark, dict) and isinstance(mark.get("ttl"), str):
        point["ttl"] = mark["ttl"]
    return [{"cachePoint": point}]


def _turn(message: Message, where: str) -> tuple[str, list[Block]]:
    if message.role == "tool":
        return "user", _result(message, where)
    blocks = _blocks(message, where)
    if message.role != "assistant":
        return "user", blocks
    calls: list[Block] = [
        {"toolUse": {"toolUseId": call.id, "name": call.function.name, "input": arguments(call, where)}}
        for call in message.tool_calls or ()
    ]
    return "assistant", [*map(_thought, message.thinking_blocks or ()), *blocks, *calls]


def _result(message: Message, where: str) -> list[Block]:
    """Inside of a result there can be no cache point: those that are marked there follow it."""
    blocks = _blocks(message, where)
    points = [block for block in blocks if "cachePoint" in block]
    content = [block for block in blocks if "cachePoint" not in block]
    return [{"toolResult": {"toolUseId": message.tool_call_id, "content": content}}, *points]


def _thought(block: Block) -> Block:
    if block.get("type") == "redacted_thinking":
        return {"reasoningContent": {"redactedContent": block.get("data", "")}}
    text = {"text": block.get("thinking", ""), "signature": block.get("signature", "")}
    return {"reasoningContent": {"reasoningText": text}}


def _blocks(message: Message, where: str) -> list[Block]:
    found: list[Block] = []
    for part in read_content(message, where):
        found.append(_block(part, where))
        found += cache_point(part.cache_control)
    return found


def _block(part: Part, where: str) -> Block:
    if isinstance(part, Text):
        return {"text": part.text}
    if part.kind == "image":
        return {"image": {"format": _format(part, _IMAGES, where), "source": _source(part, where)}}
    if part.kind == "audio":
        sound = part.media_type.partition("/")[2]
        if sound not in _SOUNDS:
            raise unsupported_part(where, f"audio in the format {sound!r}", "Bedrock")
        return {"audio": {"format": sound, "source": _source(part, where)}}
    document = {"format": _format(part, _DOCUMENTS, where), "name": _name(part), "source": _source(part, where)}
    return {"document": document}


def _format(media: Media, known: dict[str, str], where: str) -> str:
    if media.url:
        ending = media.url.rpartition(".")[2].lower()
        found = {"jpg": "jpeg"}.get(ending, ending)
        found = found if found in known.values() else ""
    else:
        found = known.get(media.media_type, "")
    if not found:
        raise unsupported_part(where, f"{media.kind} of this type", "Bedrock")
    return found


def _source(media: Media, where: str) -> Block:
    if not media.url:
        return {"bytes": media.data}
    if media.url.startswith(_S3):
        return {"s3Location": {"uri": media.url}}
    what = f"{where}.content: Bedrock fetches no addresses but s3://…; send the {media.kind} itself as a data: URL."
    raise UnsupportedRequest(what, f"{where}.content")


def _name(media: Media) -> str:
    """Bedrock allows letters, digits, single blanks and a few marks in the name of a document."""
    stem = media.name.rpartition(".")[0] or media.name or "document"
    return re.sub(r"\s+", " ", re.sub(r"[^A-Za-z0-9 ()\[\]-]", "-", stem)).strip()[:200] or "document"
