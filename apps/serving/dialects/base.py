"""What the gateway asks of a dialect. Framework-free: bytes in, bytes out."""

from typing import Protocol

import msgspec

from apps.serving.providers.base import Members

KEEP_ALIVE = b": keep-alive\n\n"
TRUE = b"true"
WITH_USAGE = msgspec.Raw(b'{"include_usage":true}')  # the stream_options that let a dialect count at the end


class Invalid(ValueError):
    """A request that is wrong in its dialect, or that no chat completion can stand for; `param` names the member."""

    def __init__(self, message: str, param: str) -> None:
        self.message, self.param = message, param
        super().__init__(message)


class UnreadableAnswer(ValueError):
    """What should have been a chat completion, or a chunk of one, isn't."""


class ToldError(msgspec.Struct, frozen=True, kw_only=True):
    """What the caller is told; `kind` is OpenAI's "type" of the error."""

    status: int
    message: str
    kind: str = "api_error"
    code: str | None = None
    param: str | None = None


class DialectStream(Protocol):
    """One stream of chat chunks on its way to the caller.

    `answer`: the whole answer as JSON, once the stream ended, in dialects whose last event holds it; else b"".
    """

    answer: bytes

    def feed(self, events: list[bytes]) -> bytes:
        """The server-sent events that the data of these chat chunks become, [DONE] not among them.

        UnreadableAnswer for what is no chunk.
        """
        ...

    def end(self) -> bytes:
        """The proper end."""
        ...

    def fail(self, error: ToldError) -> bytes:
        """The error as the last event, instead of the proper end."""
        ...

    def keep_alive(self) -> bytes:
        """Something that no client takes for a part of the answer."""
        ...


class Dialect(Protocol):
    """One protocol. Dialects hold no state; `request` is what the caller sent, in this dialect."""

    name: str

    def to_chat(self, members: Members) -> Members:
        """The members of the chat request that asks for the same; Invalid naming the member."""
        ...

    def answer(self, request: Members, body: bytes) -> bytes:
        """From a whole chat completion; UnreadableAnswer if it is none."""
        ...

    def stream(self, request: Members) -> DialectStream: ...

    def error(self, error: ToldError) -> bytes:
        """The body of an answer that is not a 200."""
        ...
