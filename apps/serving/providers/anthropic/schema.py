"""The parts of Anthropic's answers that are read by name; everything else goes past unparsed or is ignored."""

from typing import Any

import msgspec
from msgspec import Raw, Struct


class Block(Struct):
    type: str
    text: str = ""
    thinking: str = ""
    signature: str = ""
    data: str = ""
    id: str = ""
    name: str = ""
    input: Raw = Raw(b"{}")


class Answer(Struct):
    id: str
    model: str
    usage: dict[str, Any]
    content: list[Block] = []
    stop_reason: str | None = None


class Delta(Struct):
    """The texts stay JSON strings as they are written: they are only moved to another place."""

    type: str = ""
    text: Raw = Raw(b'""')
    thinking: Raw = Raw(b'""')
    partial_json: Raw = Raw(b'""')
    signature: str = ""
    stop_reason: str | None = None


class StreamEvent(Struct):
    type: str
    index: int = 0
    message: Answer | None = None
    content_block: Block | None = None
    delta: Delta | None = None
    usage: dict[str, Any] | None = None
    error: Any = None


answer_decoder = msgspec.json.Decoder(Answer)
event_decoder = msgspec.json.Decoder(StreamEvent)
