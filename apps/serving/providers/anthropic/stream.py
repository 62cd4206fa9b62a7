"""From Anthropic's stream events to chat-completion chunks."""

from typing import Any

import msgspec

from apps.serving.providers.anthropic.answer import finish_reason, signed, usage
from apps.serving.providers.anthropic.schema import Answer, Block, Delta, StreamEvent, event_decoder
from apps.serving.providers.chat.chunks import Chunks
from apps.serving.providers.chat.translator import EventTranslator
from apps.serving.providers.failures import error_in_body

_encode = msgspec.json.Encoder().encode


class AnthropicStream(EventTranslator):
    def __init__(self, created: int, *, include_usage: bool) -> None:
        super().__init__()
        self._chunks = Chunks(created, include_usage=include_usage)
        self._usage: dict[str, Any] = {}
        self._tools: dict[int, int] = {}  # content block -> index among the tool calls
        self._thoughts: dict[int, list[bytes]] = {}  # content block -> reasoning that awaits its signature

    def _translate(self, data: bytes) -> bytes:
        event = event_decoder.decode(data)
        if event.type == "message_start" and event.message is not None:
            return self._start(event.message)
        if event.type == "error":
            raise error_in_body(event.error)
        if not self._chunks.started:
            return b""
        if event.type == "content_block_delta" and event.delta is not None:
            return self._delta(event.index, event.delta)
        if event.type == "content_block_start" and event.content_block is not None:
            return self._block(event.index, event.content_block)
        if event.type == "message_delta":
            return self._message_delta(event)
        if event.type == "message_stop":
            self._over = True
            return self._chunks.end(usage(self._usage))
        return b""  # pings, ends of blocks, and what may be added one day

    def _start(self, message: Answer) -> bytes:
        self._count(message.usage)
        self._chunks.start(message.id, message.model)
        return self._chunks.role()

    def _block(self, index: int, block: Block) -> bytes:
        if block.type == "text" and block.text:
            return self._chunks.text(_encode(block.text))
        if block.type == "thinking":
            self._thoughts[index] = []
        if block.type == "redacted_thinking":
            return self._signed(block)
        if block.type != "tool_use":
            return b""
        if index not in self._tools:
            self._tools[index] = self._chunks.next_call()
        return self._chunks.open_call(self._tools[index], block.id, block.name)

    def _delta(self, index: int, delta: Delta) -> bytes:
        if delta.type == "text_delta":
            return self._chunks.text(bytes(delta.text))
        if delta.type == "thinking_delta":
            thought = bytes(delta.thinking)
            if index in self._thoughts:
                self._thoughts[index].append(thought)
            return self._chunks.reasoning(thought)
        if delta.type == "signature_delta" and index in self._thoughts:
            thinking = "".join(msgspec.json.decode(part, type=str) for part in self._thoughts.pop(index))
            return self._signed(Block("thinking", thinking=thinking, signature=delta.signature))
        if delta.type == "input_json_delta" and index in self._tools:
            return self._chunks.arguments(self._tools[index], bytes(delta.partial_json))
        return b""

    def _signed(self, block: Block) -> bytes:
        return self._chunks.chunk(_encode({"thinking_blocks": [signed(block)]}))

    def _message_delta(self, event: StreamEvent) -> bytes:
        if event.usage is not None:
            self._count(event.usage)
        if event.delta is None or event.delta.stop_reason is None:
            return b""
        return self._chunks.finish(finish_reason(event.delta.stop_reason))

    def _count(self, reported: dict[str, Any]) -> None:
        """Counts are totals so far; a later event may repeat only some of them."""
        self._usage.update({name: value for name, value in reported.items() if value is not None})
