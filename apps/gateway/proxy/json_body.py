"""A request's JSON: taken apart into its members, and read as far as the gateway has to understand it."""

import re
from typing import TypeVar

import msgspec
from msgspec import Raw

from apps.gateway.proxy.refusals import Refusal
from apps.serving.services import read_members

# Up to here, searching the body for each name is quicker than walking through its members.
SHORT_BODY = 4096

Members = dict[str, Raw]
Asked = TypeVar("Asked")

_PLACE = re.compile(r" - at `\$\.?([^`]*)`$")
_FIELD = re.compile(r"field `([^`]+)`")
_KEY = re.compile(rb'[ \t\r\n]*("(?:[^"\\]|\\.)*")[ \t\r\n]*:[ \t\r\n]*')
_AFTER = re.compile(rb"[ \t\r\n]*[,}]")


def read_object(raw: bytes, decoder: "msgspec.json.Decoder[Asked]") -> tuple[Members, Asked]:
    """The members as they are written, and what the decoder makes of them; Refusal 400 naming the one at fault."""
    try:
        raw.decode()
        asked = decoder.decode(raw)
        members = read_members(raw)
    except msgspec.ValidationError as error:
        raise described(str(error)) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Refusal(400, f"The body is not valid JSON: {_without_colon(error)}.", code="invalid_json") from error
    except RecursionError as error:
        raise Refusal(400, "The body is nested too deeply.", code="invalid_json") from error
    if (twice := repeated_member(raw, members)) is not None:
        raise Refusal(400, f"{twice}: this member is there twice.", code="duplicate_member", param=twice)
    return members, asked


def repeated_member(raw: bytes, members: Members) -> str | None:
    """The name of a member that stands twice in the object `raw`, whose last values are `members`.

    Decoders disagree about which of two values counts; a request that means one thing here and another at the
    provider would get past every check in between.
    """
    compact = 1
    for name, value in members.items():
        compact += len(name) + len(value) + 4
    if compact == len(raw):
        return None  # no room for anything that is not in `members`
    if len(raw) <= SHORT_BODY and _named_once(raw, members):
        return None
    return _walk(raw, members)


def _named_once(raw: bytes, members: Members) -> bool:
    """Whether each name stands between quotes only once, and none can be written in another way."""
    return b"\\" not in raw and all(raw.count(b'"%b"' % name.encode()) == 1 for name in members)


def _walk(raw: bytes, members: Members) -> str | None:
    """A value that isn't the last one of its name, or a name that comes again, gives the repetition away."""
    seen: set[str] = set()
    at = raw.index(b"{") + 1
    while (key := _KEY.match(raw, at)) is not None:
        name = msgspec.json.decode(key[1], type=str)
        value = bytes(members[name])
        end = key.end() + len(value)
        after = _AFTER.match(raw, end)
        if name in seen or after is None or raw[key.end() : end] != value:
            return name
        seen.add(name)
        at = after.end()
    return None


def described(text: str) -> Refusal:
    """msgspec's words for a type that doesn't fit, with the member in front."""
    place = _PLACE.search(text)
    what = _PLACE.sub("", text)
    where = place[1] if place else ""
    if missing := _FIELD.search(what):
        name = f"{where}.{missing[1]}".lstrip(".")
        return Refusal(400, f"{name}: this member is required.", code="missing_member", param=name)
    if not where:
        return Refusal(400, f"The body must be a JSON object. {what}.", code="invalid_type")
    return Refusal(400, f"{where}: {what}.", code="invalid_type", param=where)


def _without_colon(error: Exception) -> str:
    return str(error).removeprefix("JSON is malformed: ")
