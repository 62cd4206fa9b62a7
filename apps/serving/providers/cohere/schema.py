"""The parts of Cohere's answers (v2) that are read by name."""

from typing import Any

import msgspec
from msgspec import Raw, Struct

ABSENT = Raw(b"null")


class Function(Struct, frozen=True):
    name: str = ""
    arguments: str = ""


class ToolCall(Struct):
    id: str = ""
    function: Function = Function()


class Block(Struct):
    type: str = "text"
    text: str = ""
    thinking: str = ""


class Message(Struct):
    content: list[Block] | None = None
    tool_calls: list[ToolCall] | None = None
    tool_plan: str | None = None


class Logprob(Struct):
    """Of one piece of text, which is one token as a rule."""

    text: str = ""
    logprobs: list[float] = []


class Answer(Struct):
    id: str
    message: Message
    finish_reason: str = ""
    usage: dict[str, Any] | None = None
    logprobs: list[Logprob] | None = None


class FunctionDelta(Struct, frozen=True):
    name: str = ""
    arguments: Raw = Raw(b'""')


class ToolCallDelta(Struct):
    id: str = ""
    function: FunctionDelta = FunctionDelta()


class ContentDelta(Struct):
    """The texts stay JSON strings as they are written."""

    text: Raw = ABSENT
    thinking: Raw = ABSENT


class MessageDelta(Struct):
    """content and tool_calls are lists in the first event and objects in all that follow."""

    content: Raw = ABSENT
    tool_calls: Raw = ABSENT
    tool_plan: Raw = ABSENT


class Delta(Struct):
    message: MessageDelta | None = None
    finish_reason: str = ""
    usage: dict[str, Any] | None = None
    error: Any = None


class Event(Struct):
    type: str
    id: str = ""
    index: int = 0
    delta: Delta | None = None
    logprobs: Logprob | None = None


answer_decoder = msgspec.json.Decoder(Answer)
event_decoder = msgspec.json.Decoder(Event)
content_decoder = msgspec.json.Decoder(ContentDelta)
call_decoder = msgspec.json.Decoder(ToolCallDelta)
