"""From Anthropic's stream events to chat-completion chunks."""

import msgspec

from apps.serving.providers.anthropic.answer import finish_reason, usage
from apps.serving.providers.anthropic.schema import Answer, Block, Delta, StreamEvent, Usage, event_decoder
from apps.serving.providers.base import EVENT_LIMIT, UNREADABLE, ProviderError
from apps.serving.providers.failures import error_in_body
from llmkit import sse

_encode = msgspec.json.Encoder().encode
_DONE = b"data: [DONE]\n\n"


class AnthropicStream:
    """One stream. After an error nothing more is sent, no [DONE] either; a stream cut short just ends."""

    def __init__(self, created: int, *, include_usage: bool) -> None:
        self._parser = sse.Parser(EVENT_LIMIT)
        self._created = created
        self._include_usage = include_usage
        self._usage = Usage()
        self._tools: dict[int, int] = {}  # content block -> index among the tool calls
        self._opening = self._closing = b""  # of every chunk, around its choice
        self._over = False

    def feed(self, chunk: bytes) -> bytes:
        return b"" if self._over else self._translate(chunk)

    def end(self) -> bytes:
        return b""

    def _translate(self, chunk: bytes) -> bytes:
        out = []
        try:
            for event in self._parser.feed(chunk):
                out.append(self._event(event_decoder.decode(event.data)))
                if self._over:
                    break
        except (*UNREADABLE, sse.EventTooLarge):
            out.append(self._fail(ProviderError(502, "The provider's stream could not be read.")))
        return b"".join(out)

    def _event(self, event: StreamEvent) -> bytes:
        if event.type == "message_start" and event.message is not None:
            return self._start(event.message)
        if event.type == "error":
            return self._fail(error_in_body(event.error))
        if not self._opening:
            return b""
        if event.type == "content_block_delta" and event.delta is not None:
            return self._delta(event.index, event.delta)
        if event.type == "content_block_start" and event.content_block is not None:
            return self._block(event.index, event.content_block)
        if event.type == "message_delta":
            return self._message_delta(event)
        if event.type == "message_stop":
            return self._stop()
        return b""  # pings, ends of blocks, and what may be added one day

    def _start(self, message: Answer) -> bytes:
        self._count(message.usage)
        head = {"id": message.id, "object": "chat.completion.chunk", "created": self._created, "model": message.model}
        self._opening = b"data: " + _encode(head)[:-1] + b',"choices":'
        self._closing = b',"usage":null}\n\n' if self._include_usage else b"}\n\n"
        return self._chunk(b'{"role":"assistant","content":"","refusal":null}')

    def _block(self, index: int, block: Block) -> bytes:
        if block.type == "text" and block.text:
            return self._chunk(b'{"content":' + _encode(block.text) + b"}")
        if block.type != "tool_use":
            return b""
        call = {
            "index": self._tools.setdefault(index, len(self._tools)),
            "id": block.id,
            "type": "function",
            "function": {"name": block.name, "arguments": ""},
        }
        return self._chunk(_encode({"tool_calls": [call]}))

    def _delta(self, index: int, delta: Delta) -> bytes:
        if delta.type == "text_delta":
            return self._chunk(b'{"content":' + bytes(delta.text) + b"}")
        if delta.type == "thinking_delta":
            return self._chunk(b'{"reasoning_content":' + bytes(delta.thinking) + b"}")
        if delta.type == "input_json_delta" and index in self._tools:
            arguments = b'{"tool_calls":[{"index":%d,"function":{"arguments":%b}}]}'
            return self._chunk(arguments % (self._tools[index], bytes(delta.partial_json)))
        return b""

    def _message_delta(self, event: StreamEvent) -> bytes:
        if event.usage is not None:
            self._count(event.usage)
        if event.delta is None or event.delta.stop_reason is None:
            return b""
        return self._chunk(b"{}", _encode(finish_reason(event.delta.stop_reason)))

    def _stop(self) -> bytes:
        self._over = True
        if not self._include_usage:
            return _DONE
        return self._opening + b'[],"usage":' + _encode(usage(self._usage)) + b"}\n\n" + _DONE

    def _chunk(self, delta: bytes, finish: bytes = b"null") -> bytes:
        choice = b'[{"index":0,"delta":%b,"logprobs":null,"finish_reason":%b}]' % (delta, finish)
        return self._opening + choice + self._closing

    def _count(self, reported: Usage) -> None:
        """Counts are totals so far; a later event may repeat only some of them."""
        for name in Usage.__struct_fields__:
            if (value := getattr(reported, name)) is not None:
                setattr(self._usage, name, value)

    def _fail(self, error: ProviderError) -> bytes:
        self._over = True
        return sse.encode(error.body())
