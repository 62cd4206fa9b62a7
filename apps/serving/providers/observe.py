"""Reading along: what an OpenAI-shaped answer says about itself, learnt from a copy.

Every chunk is decoded, into structs that name only what is looked for: measured, that takes a third of a
microsecond, less than searching the chunk for the marks of an interesting one.
"""

from typing import Any

import msgspec

from apps.serving.providers.base import EVENT_LIMIT, UNREADABLE, ProviderError
from apps.serving.providers.failures import error_in_body
from llmkit import sse
from llmkit.usage import Usage, read_usage


class _Delta(msgspec.Struct, gc=False):
    content: Any = None
    reasoning_content: Any = None
    reasoning: Any = None
    refusal: Any = None
    tool_calls: Any = None


class _Choice(msgspec.Struct, gc=False):
    index: int = 0
    finish_reason: str | None = None
    delta: _Delta | None = None


class _Answer(msgspec.Struct, gc=False):
    """Of a chunk or a whole body; a body's messages are skipped without being read."""

    id: str | None = None
    model: str | None = None
    choices: list[_Choice] | None = None
    usage: Any = None
    error: Any = None


_decode = msgspec.json.Decoder(_Answer).decode


class Observed:
    """What is known so far; `unreadable` once something came that is not an answer in OpenAI's shape."""

    def __init__(self) -> None:
        self.response_id: str | None = None
        self.model: str | None = None
        self.finish_reasons: dict[int, str] = {}  # by choice
        self.usage: Usage | None = None
        self.error: ProviderError | None = None
        self.unreadable = False

    @property
    def finish_reason(self) -> str | None:
        """Of the choice that ended first."""
        return next(iter(self.finish_reasons.values()), None)

    def _learn(self, data: bytes) -> bool:
        """Whether there was content in it: text, reasoning, a refusal or a part of a tool call."""
        try:
            answer = _decode(data)
        except UNREADABLE:
            self.unreadable = True
            return False
        if self.response_id is None:
            self.response_id, self.model = answer.id, answer.model
        if answer.usage is not None:
            self.usage = read_usage(answer.usage) or self.usage
        if answer.error and self.error is None:
            self.error = error_in_body(answer.error)
        content = False
        for choice in answer.choices or ():
            if choice.finish_reason is not None:
                self.finish_reasons[choice.index] = choice.finish_reason
            delta = choice.delta
            if delta is not None and (
                delta.content or delta.tool_calls or delta.reasoning_content or delta.reasoning or delta.refusal
            ):
                content = True
        return content


class StreamObserver(Observed):
    """Feed it the same bytes that go to the client. Times are whatever clock the caller reads."""

    def __init__(self) -> None:
        super().__init__()
        self.first_content_at: float | None = None
        self.content_chunks = 0
        self.done = False  # [DONE] has been seen
        self._parser = sse.Parser(EVENT_LIMIT)

    @property
    def error_came_first(self) -> bool:
        """An error before any content: nothing that matters has been sent, the real status can still be."""
        return self.error is not None and not self.content_chunks

    def feed(self, chunk: bytes, now: float) -> None:
        """Never raises: a stream that can't be read is passed on all the same, and `unreadable`."""
        try:
            events = self._parser.feed(chunk)
        except sse.EventTooLarge:
            self.unreadable = True
            return
        for event in events:
            data = event.data
            if data == b"[DONE]":
                self.done = True
            elif self._learn(data):
                self.content_chunks += 1
                if self.first_content_at is None:
                    self.first_content_at = now

    def end(self, now: float) -> None:
        """The stream is over: an event without its blank line counts too."""
        self.feed(b"\n\n", now)


def observe_body(body: bytes) -> Observed:
    """The same of an answer that came in one piece."""
    observed = Observed()
    observed._learn(body)
    return observed
