"""A kept answer: a whole chat completion with what it cost, and its form as bytes."""

import zlib
from typing import Any

import msgspec

from apps.caching.domain.policy import RoutePolicy

# Smaller values gain nothing from compression.
COMPRESS_FROM = 1_024
PLAIN, COMPRESSED = b"\0", b"\1"


class StoredAnswer(msgspec.Struct, frozen=True, array_like=True):
    """body: the chat completion as JSON, as it was sent. created: Unix seconds of the answer.

    cost_nano: what it cost then, so that a hit knows what it saves; None where the model had no price.
    """

    body: bytes
    model: str
    created: float
    input_tokens: int = 0
    output_tokens: int = 0
    cost_nano: int | None = None


_decoder = msgspec.msgpack.Decoder(StoredAnswer)
_encoder = msgspec.msgpack.Encoder()


class Unreadable(ValueError):
    """Bytes that are no stored answer."""


def pack(answer: StoredAnswer) -> bytes:
    data = _encoder.encode(answer)
    return PLAIN + data if len(data) < COMPRESS_FROM else COMPRESSED + zlib.compress(data, 1)


def unpack(data: bytes) -> StoredAnswer:
    try:
        return _decoder.decode(zlib.decompress(data[1:]) if data[:1] == COMPRESSED else data[1:])
    except (zlib.error, msgspec.DecodeError) as error:
        raise Unreadable("This is no stored answer.") from error


class _Message(msgspec.Struct):
    content: Any = None
    tool_calls: Any = None
    function_call: Any = None
    refusal: Any = None
    audio: Any = None


class _Choice(msgspec.Struct):
    message: _Message
    finish_reason: str | None = None


class _Completion(msgspec.Struct):
    choices: list[_Choice]
    error: Any = None


_completion = msgspec.json.Decoder(_Completion)


def why_not_kept(body: bytes, policy: RoutePolicy) -> str:
    """ "" for an answer that may be kept: one choice of text that came to its own end, without tool calls or errors."""
    try:
        completion = _completion.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return "unreadable"
    if completion.error or len(completion.choices) != 1:
        return "error" if completion.error else "choices"
    choice = completion.choices[0]
    message = choice.message
    if message.tool_calls or message.function_call:
        return "tool-calls"
    if choice.finish_reason != "stop" and not (choice.finish_reason == "length" and policy.allow_truncated):
        return "unfinished"
    return "" if message.content and not message.refusal and not message.audio else "no-text"


def text_of(body: bytes) -> str:
    """What a chat completion says; "" where that is not text."""
    try:
        completion = _completion.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ""
    content = completion.choices[0].message.content if completion.choices else ""
    return content.replace("\0", "") if isinstance(content, str) else ""
