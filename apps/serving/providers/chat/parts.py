"""The parts of a message's content, whichever of the ways they are written in."""

import re
from typing import Any

from msgspec import Struct

from apps.serving.providers.base import UnsupportedRequest
from apps.serving.providers.chat.schema import Message

_DATA_URL = re.compile(r"data:([\w.+-]+/[\w.+-]+);base64,")
_MEDIA_TYPES = {"image/jpg": "image/jpeg"}


class Text(Struct):
    text: str
    cache_control: Any = None


class Media(Struct):
    """An image, a file or a sound. Either `data` (base64) of a `media_type`, or a `url` with nothing known of it."""

    kind: str
    media_type: str = ""
    data: str = ""
    url: str = ""
    name: str = ""
    cache_control: Any = None


Part = Text | Media


def read_content(message: Message, where: str) -> list[Part]:
    """Its parts without the empty texts, which providers refuse; UnsupportedRequest naming the message."""
    content = message.content
    if content is None or content == "":
        return []
    if isinstance(content, str):
        return [Text(content)]
    parts = [_part(part, f"{where}.content") for part in content]
    return [part for part in parts if isinstance(part, Media) or part.text]


def unsupported_part(where: str, what: str, provider: str) -> UnsupportedRequest:
    return UnsupportedRequest(f"{where}.content: {provider} takes no {what}.", f"{where}.content")


def _part(part: dict[str, Any], where: str) -> Part:
    kind, mark = part.get("type"), part.get("cache_control")
    if kind in ("text", "refusal"):
        return Text(_string(part, kind, where), mark)
    if kind == "image_url":
        return _media("image", _string(_object(part, kind, where), "url", where), mark)
    if kind == "file":
        file = _object(part, kind, where)
        found = _media("file", _string(file, "file_data", where), mark)
        found.name = str(file.get("filename") or "")
        return found
    if kind == "input_audio":
        audio = _object(part, kind, where)
        sound = _string(audio, "format", where)
        return Media("audio", media_type=f"audio/{sound}", data=_string(audio, "data", where), cache_control=mark)
    raise UnsupportedRequest(f"{where}: parts of the type {kind!r} are not supported.", where)


def _media(kind: str, url: str, mark: Any) -> Media:
    found = _DATA_URL.match(url)
    if found is None:
        return Media(kind, url=url, cache_control=mark)
    media_type = found[1].lower()
    media_type = _MEDIA_TYPES.get(media_type, media_type)
    return Media(kind, media_type=media_type, data=url[found.end() :], cache_control=mark)


def _object(part: dict[str, Any], name: str, where: str) -> dict[str, Any]:
    value = part.get(name)
    if not isinstance(value, dict):
        raise UnsupportedRequest(f"{where}: a part of the type {name!r} needs an object {name!r}.", where)
    return value


def _string(part: dict[str, Any], name: str, where: str) -> str:
    value = part.get(name)
    if not isinstance(value, str):
        raise UnsupportedRequest(f"{where}: {name!r} has to be a string.", where)
    return value
