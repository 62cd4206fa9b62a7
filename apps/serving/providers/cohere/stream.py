"""From Cohere's stream events (v2) to chat-completion chunks."""

import msgspec

from apps.serving.providers.chat.chunks import NULL, Chunks
from apps.serving.providers.chat.completion import new_id
from apps.serving.providers.chat.translator import EventTranslator
from apps.serving.providers.cohere.answer import failure, finish_reason, logprobs, usage
from apps.serving.providers.cohere.schema import (
    ABSENT,
    Delta,
    Logprob,
    MessageDelta,
    call_decoder,
    content_decoder,
    event_decoder,
)

_encode = msgspec.json.Encoder().encode
_EMPTY = (b"null", b'""')


class CohereStream(EventTranslator):
    def __init__(self, created: int, model: str, *, include_usage: bool) -> None:
        super().__init__()
        self._chunks = Chunks(created, include_usage=include_usage)
        self._model = model
        self._tools: dict[int, int] = {}  # Cohere's index -> index among the tool calls

    def _translate(self, data: bytes) -> bytes:
        if data == b"[DONE]":  # some doors to Cohere's models send one after the end
            return b""
        event = event_decoder.decode(data)
        if event.type == "message-start":
            self._chunks.start(event.id or new_id(), self._model)
            return self._chunks.role()
        if not self._chunks.started or event.delta is None:
            return b""
        if event.type == "message-end":
            return self._end(event.delta)
        message = event.delta.message
        if message is None:
            return b""
        if event.type in ("content-delta", "content-start"):
            return self._content(message, event.logprobs)
        if event.type in ("tool-call-start", "tool-call-delta"):
            return self._call(event.index, message, opens=event.type == "tool-call-start")
        if event.type == "tool-plan-delta" and message.tool_plan != ABSENT:
            return self._chunks.reasoning(bytes(message.tool_plan))
        return b""  # ends of blocks, citations, and what may be added one day

    def _content(self, message: MessageDelta, probabilities: Logprob | None) -> bytes:
        content = content_decoder.decode(message.content)
        text, thinking = bytes(content.text), bytes(content.thinking)
        out = b"" if thinking in _EMPTY else self._chunks.reasoning(thinking)
        if text in _EMPTY:
            return out
        found = NULL if probabilities is None else _encode(logprobs([probabilities]))
        return out + self._chunks.text(text, logprobs=found)

    def _call(self, theirs: int, message: MessageDelta, *, opens: bool) -> bytes:
        call, out = call_decoder.decode(message.tool_calls), b""
        if opens:
            index = self._tools[theirs] = self._chunks.next_call()
            out = self._chunks.open_call(index, call.id, call.function.name)
        fragment = bytes(call.function.arguments)
        if theirs not in self._tools or fragment in _EMPTY:
            return out
        return out + self._chunks.arguments(self._tools[theirs], fragment)

    def _end(self, delta: Delta) -> bytes:
        error = failure(delta.finish_reason, delta.error)
        if error is not None:
            raise error
        self._over = True
        counted = usage(delta.usage) if delta.usage else None
        return self._chunks.finish(finish_reason(delta.finish_reason)) + self._chunks.end(counted)
