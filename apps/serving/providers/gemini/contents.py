"""From messages to Gemini's contents: system texts apart, tool results by the name of the function they answer."""

import mimetypes
from typing import Any

import msgspec

from apps.serving.providers.base import UnsupportedRequest
from apps.serving.providers.chat.parts import Media, Part, Text, read_content
from apps.serving.providers.chat.schema import Message, ToolCall
from apps.serving.providers.chat.tools import arguments
from apps.serving.providers.chat.turns import SYSTEM_ROLES, Block, merged, placed

_AUDIO_TYPES = {"audio/mp3": "audio/mpeg"}
_ANY_TYPE = {"image": "image/jpeg", "file": "application/pdf", "audio": "audio/wav"}


def contents(messages: list[Message]) -> tuple[list[Block], list[Block]]:
    """The system's parts and the turns, turns of one role in a row merged; UnsupportedRequest naming the message."""
    system: list[Block] = []
    turns: list[tuple[str, list[Block]]] = []
    names: dict[str, str] = {}  # of the functions that were called, by the call's id
    for message, where in placed(messages):
        if message.role in SYSTEM_ROLES:
            system += _parts(message, where)
        elif message.role == "assistant":
            names.update({call.id: call.function.name for call in message.tool_calls or ()})
            calls = [_call(call, where) for call in message.tool_calls or ()]
            turns.append(("model", _parts(message, where) + calls))
        elif message.role == "tool":
            turns.append(("user", _result(message, names, where)))
        else:
            turns.append(("user", _parts(message, where)))
    return system, merged(turns, "parts")


def _call(call: ToolCall, where: str) -> Block:
    part: Block = {"functionCall": {"id": call.id, "name": call.function.name, "args": arguments(call, where)}}
    if signature := _signature(call.extra_content):
        part["thoughtSignature"] = signature
    return part


def _signature(extra: Any) -> str | None:
    google = extra.get("google") if isinstance(extra, dict) else None
    found = google.get("thought_signature") if isinstance(google, dict) else None
    return found if isinstance(found, str) else None


def _result(message: Message, names: dict[str, str], where: str) -> list[Block]:
    """The texts are the function's response; anything else that came with them follows it."""
    name = names.get(message.tool_call_id)
    if name is None:
        param = f"{where}.tool_call_id"
        raise UnsupportedRequest(f"{param}: no tool call before it has this id.", param)
    parts = read_content(message, where)
    text = "".join(part.text for part in parts if isinstance(part, Text))
    answer: Block = {"id": message.tool_call_id, "name": name, "response": _response(text)}
    return [{"functionResponse": answer}, *(_media(part) for part in parts if isinstance(part, Media))]


def _response(text: str) -> Any:
    """A JSON object as it is written, anything else as the output of the function."""
    written = text.strip().encode()
    try:
        msgspec.json.decode(written, type=dict[str, msgspec.Raw])
    except (msgspec.DecodeError, RecursionError):
        return {"output": text}
    return msgspec.Raw(written)


def _parts(message: Message, where: str) -> list[Block]:
    return [_part(part) for part in read_content(message, where)]


def _part(part: Part) -> Block:
    return {"text": part.text} if isinstance(part, Text) else _media(part)


def _media(media: Media) -> Block:
    if media.url:
        kind = mimetypes.guess_type(media.url.partition("?")[0])[0] or _ANY_TYPE[media.kind]
        return {"fileData": {"mimeType": kind, "fileUri": media.url}}
    return {"inlineData": {"mimeType": _AUDIO_TYPES.get(media.media_type, media.media_type), "data": media.data}}
