"""The parts of a chat completion, whole or in chunks, that the other dialects read by name."""

from typing import Any, TypeVar

import msgspec
from msgspec import Raw, Struct

from apps.serving.dialects.base import UnreadableAnswer
from apps.serving.providers.base import UNREADABLE

NOTHING = Raw(b"null")
T = TypeVar("T")
_encode = msgspec.json.Encoder().encode


class Function(Struct, gc=False):
    """`arguments` stays the JSON string, or the fragment of one, that it is written as."""

    name: str | None = None
    arguments: Raw = NOTHING


class Call(Struct):
    """A tool call, or a fragment of one."""

    index: int | None = None
    id: str | None = None
    function: Function | None = None


class Thought(Struct):
    """Signed reasoning as Anthropic's models write it."""

    type: str = "thinking"
    thinking: str = ""
    signature: str = ""
    data: str = ""

    def block(self) -> dict[str, str]:
        """As it has to come back with the next turn, unchanged."""
        if self.type == "redacted_thinking":
            return {"type": self.type, "data": self.data}
        return {"type": self.type, "thinking": self.thinking, "signature": self.signature}


class Message(Struct):
    """A message, or the delta of one. The texts stay JSON strings as they are written."""

    content: Raw = NOTHING
    reasoning_content: Raw = NOTHING
    reasoning: Raw = NOTHING
    refusal: Raw = NOTHING
    tool_calls: list[Call] | None = None
    thinking_blocks: list[Thought] | None = None

    @property
    def thought(self) -> bytes:
        """The reasoning, by whichever of its two names."""
        return string(self.reasoning_content) or string(self.reasoning)


class Choice(Struct):
    """`stop_reason` is where some servers say which stop sequence it was."""

    index: int = 0
    message: Message | None = None
    delta: Message | None = None
    finish_reason: str | None = None
    logprobs: Any = None
    stop_reason: Any = None


class Completion(Struct):
    """A whole answer or one chunk."""

    id: str | None = None
    model: str | None = None
    created: int | float | None = None
    choices: list[Choice] | None = None
    usage: Any = None
    system_fingerprint: str | None = None


_decode = msgspec.json.Decoder(Completion).decode


def read_completion(body: bytes) -> Completion:
    """UnreadableAnswer for what is neither a chat completion nor a chunk of one."""
    try:
        return _decode(body)
    except UNREADABLE as error:
        raise UnreadableAnswer(f"This is not a chat completion: {error}") from None


def first_choice(body: bytes) -> tuple[Completion, Choice, Message]:
    """The whole answer in dialects that know one choice only; UnreadableAnswer if it holds none."""
    completion = read_completion(body)
    for choice in completion.choices or ():
        if choice.index == 0 and choice.message is not None:
            return completion, choice, choice.message
    raise UnreadableAnswer("This chat completion has no choice.")


def string(value: Raw) -> bytes:
    """A JSON string as it is written; b"" for an empty one and for everything that is no string."""
    written = bytes(value)
    return written if written[:1] == b'"' and written != b'""' else b""


def arguments(function: Function | None) -> bytes:
    """A call's arguments, or a fragment of them, as a JSON string; some servers write the object itself."""
    if function is None:
        return b""
    written = bytes(function.arguments)
    return _encode(written.decode()) if written[:1] == b"{" else string(function.arguments)


def text_of(written: bytes) -> str:
    """What a JSON string says; "" for b""."""
    return msgspec.json.decode(written, type=str) if written else ""
