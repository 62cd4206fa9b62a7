"""Reading a request's body with a limit, and understanding as much of it as the gateway must."""

import asyncio
import re
from typing import Annotated, Any

import msgspec
from msgspec import Raw

from apps.gateway.proxy.asgi_types import Receive
from apps.gateway.proxy.refusals import Refusal, too_large
from apps.serving.services import read_members

BODY_SECONDS = 60.0
MAX_MODEL_NAME = 200
# Up to here, searching the body for each name is quicker than walking through its members.
SHORT_BODY = 4096

Members = dict[str, Raw]


class ClientGone(Exception):
    """The caller closed the connection before its answer was complete."""


class Turn(msgspec.Struct):
    """One message: the role alone matters here, the rest is the provider's business."""

    role: str


class StreamOptions(msgspec.Struct):
    include_usage: bool | None = None


class ChatBody(msgspec.Struct):
    """The members of a chat request that the gateway understands, or whose wrong type it refuses itself."""

    model: Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_MODEL_NAME)]
    messages: Annotated[list[Turn], msgspec.Meta(min_length=1)]
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    temperature: float | None = None
    top_p: float | None = None
    n: int | None = None
    max_tokens: int | None = None
    max_completion_tokens: int | None = None
    stop: str | list[str] | None = None
    seed: int | None = None
    frequency_penalty: float | None = None
    presence_penalty: float | None = None
    logprobs: bool | None = None
    top_logprobs: int | None = None
    tools: list[dict[str, Any]] | None = None
    user: str | None = None
    metadata: dict[str, Any] | None = None


class ChatRequest(msgspec.Struct):
    """A request as it came: the bytes, the members unparsed, and what was understood of them."""

    raw: bytes
    members: Members
    chat: ChatBody

    @property
    def wants_usage(self) -> bool:
        options = self.chat.stream_options
        return options is not None and bool(options.include_usage)


_chat = msgspec.json.Decoder(ChatBody)
_PLACE = re.compile(r" - at `\$\.?([^`]*)`$")
_FIELD = re.compile(r"field `([^`]+)`")
_KEY = re.compile(rb'[ \t\r\n]*("(?:[^"\\]|\\.)*")[ \t\r\n]*:[ \t\r\n]*')
_AFTER = re.compile(rb"[ \t\r\n]*[,}]")


async def read_body(receive: Receive, announced: bytes | None, limit: int) -> bytes:
    """The whole body; Refusal 413 as soon as it is known to be longer than `limit`, 408 when it doesn't come.

    ClientGone if the caller hangs up meanwhile.
    """
    if announced is not None and (not announced.isdigit() or int(announced) > limit):
        raise too_large(limit)
    try:
        async with asyncio.timeout(BODY_SECONDS):
            return await _read_whole(receive, limit)
    except TimeoutError:
        raise Refusal(
            408,
            f"The request body did not arrive within {BODY_SECONDS:.0f} seconds.",
            code="body_timeout",
            headers=((b"connection", b"close"),),
        ) from None


async def _read_whole(receive: Receive, limit: int) -> bytes:
    pieces: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        piece: bytes = message.get("body", b"")
        size += len(piece)
        if size > limit:
            raise too_large(limit)
        if not message.get("more_body"):
            return b"".join([*pieces, piece]) if pieces else piece
        pieces.append(piece)


def parse_chat(raw: bytes) -> ChatRequest:
    """A chat request; Refusal 400 naming the member that is wrong."""
    try:
        raw.decode()
        chat = _chat.decode(raw)
        members = read_members(raw)
    except msgspec.ValidationError as error:
        raise _described(str(error)) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Refusal(400, f"The body is not valid JSON: {_without_colon(error)}.", code="invalid_json") from error
    except RecursionError as error:
        raise Refusal(400, "The body is nested too deeply.", code="invalid_json") from error
    if (twice := repeated_member(raw, members)) is not None:
        raise Refusal(400, f"{twice}: this member is there twice.", code="duplicate_member", param=twice)
    return ChatRequest(raw, members, chat)


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


def _described(text: str) -> Refusal:
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
