"""Reading along an answer that Anthropic's protocol carries through."""

from typing import Any

import msgspec
from msgspec import Struct

from apps.serving.dialects.observing import DialectObserver
from apps.serving.providers.anthropic.answer import finish_reason, usage
from apps.serving.providers.base import UNREADABLE
from apps.serving.providers.failures import error_in_body
from apps.serving.providers.observe import Observed
from llmkit.sse import Event
from llmkit.usage import read_usage


class _Delta(Struct, gc=False):
    text: Any = None
    thinking: Any = None
    partial_json: Any = None
    stop_reason: str | None = None


class _Block(Struct, gc=False):
    type: str = ""
    text: Any = None


class _Message(Struct):
    id: str | None = None
    model: str | None = None
    stop_reason: str | None = None
    usage: dict[str, Any] | None = None


class _Event(_Message):
    """Of a stream; a whole answer has the same members as the message in the first event."""

    type: str = ""
    message: _Message | None = None
    content_block: _Block | None = None
    delta: _Delta | None = None
    error: Any = None


_decode = msgspec.json.Decoder(_Event).decode


class MessagesObserver(DialectObserver):
    def __init__(self) -> None:
        super().__init__()
        self._counted: dict[str, Any] = {}

    def learn(self, event: Event) -> bool:
        return self.learn_data(event.data)

    def learn_data(self, data: bytes) -> bool:
        try:
            found = _decode(data)
        except UNREADABLE:
            self.unreadable = True
            return False
        if found.error and self.error is None:
            self.error = error_in_body(found.error)
        self._note(found.message or found)
        self.done = self.done or found.type == "message_stop"
        delta, block = found.delta, found.content_block
        if delta is not None:
            self._stopped(delta.stop_reason)
            return bool(delta.text or delta.thinking or delta.partial_json)
        return block is not None and (block.type == "tool_use" or bool(block.text))

    def _note(self, message: _Message) -> None:
        if message.id is not None and self.response_id is None:
            self.response_id, self.model = message.id, message.model
        self._stopped(message.stop_reason)
        if message.usage:
            # Counts are totals so far; a later event may repeat only some of them.
            self._counted.update({name: value for name, value in message.usage.items() if value is not None})
            self.usage = read_usage(usage(dict(self._counted)))

    def _stopped(self, reason: str | None) -> None:
        if reason is not None:
            self.finish_reasons[0] = finish_reason(reason)


def observe_messages_body(body: bytes) -> Observed:
    """The same of an answer that came in one piece."""
    observer = MessagesObserver()
    observer.learn_data(body)
    return observer
