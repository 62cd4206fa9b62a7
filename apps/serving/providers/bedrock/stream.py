"""From ConverseStream's events to chat-completion chunks."""

from typing import Any

import msgspec
from msgspec import Raw, Struct

from apps.serving.providers.base import UNREADABLE, ProviderError
from apps.serving.providers.bedrock.answer import Reasoning, ReasoningText, finish_reason, signed, usage
from apps.serving.providers.bedrock.events import Broken, Frames
from apps.serving.providers.bedrock.failures import in_stream
from apps.serving.providers.chat.chunks import Chunks, failed
from apps.serving.providers.chat.completion import new_id

_encode = msgspec.json.Encoder().encode
_NOTHING = Raw(b"null")


class _ToolStart(Struct, rename="camel"):
    tool_use_id: str
    name: str


class _Start(Struct, rename="camel"):
    tool_use: _ToolStart | None = None


class _ToolDelta(Struct):
    input: Raw = Raw(b'""')


class _ReasoningDelta(Struct, rename="camel"):
    text: Raw = _NOTHING
    signature: str | None = None
    redacted_content: str | None = None


class _Delta(Struct, rename="camel"):
    """The texts stay JSON strings as they are written."""

    text: Raw = _NOTHING
    tool_use: _ToolDelta | None = None
    reasoning_content: _ReasoningDelta | None = None


class _Event(Struct, rename="camel"):
    """Of any kind: they share no names."""

    content_block_index: int = 0
    start: _Start | None = None
    delta: _Delta | None = None
    stop_reason: str = ""
    usage: dict[str, Any] | None = None


_decode = msgspec.json.Decoder(_Event).decode


class BedrockStream:
    """One stream. Its last event counts the tokens; without it the end is proper once there was a stop reason."""

    def __init__(self, created: int, model: str, *, include_usage: bool) -> None:
        self._frames = Frames()
        self._chunks = Chunks(created, include_usage=include_usage)
        self._model = model
        self._tools: dict[int, int] = {}  # content block -> index among the tool calls
        self._thoughts: dict[int, list[bytes]] = {}  # content block -> reasoning that awaits its signature
        self._stopped = self._over = False

    def feed(self, chunk: bytes) -> bytes:
        return b"" if self._over else self._read(chunk)

    def end(self) -> bytes:
        if self._over or not self._stopped:
            return b""
        self._over = True
        return self._chunks.end(None)

    def _read(self, chunk: bytes) -> bytes:
        out = []
        try:
            for kind, payload in self._frames.feed(chunk):
                out.append(self._message(kind, payload))
                if self._over:
                    break
        except (*UNREADABLE, Broken):
            out.append(self._fail(ProviderError(502, "The provider's stream could not be read.")))
        return b"".join(out)

    def _message(self, kind: str, payload: bytes) -> bytes:
        error = in_stream(kind, payload)
        if error is not None:
            return self._fail(error)
        if kind == "messageStart":
            self._chunks.start(new_id(), self._model)
            return self._chunks.role()
        if not self._chunks.started:
            return b""
        return self._event(kind, _decode(payload))

    def _event(self, kind: str, event: _Event) -> bytes:
        if kind == "contentBlockDelta" and event.delta is not None:
            return self._delta(event.content_block_index, event.delta)
        if kind == "contentBlockStart" and event.start is not None and event.start.tool_use is not None:
            use, index = event.start.tool_use, self._chunks.next_call()
            self._tools[event.content_block_index] = index
            return self._chunks.open_call(index, use.tool_use_id, use.name)
        if kind == "messageStop":
            self._stopped = True
            return self._chunks.finish(finish_reason(event.stop_reason))
        if kind == "metadata" and self._stopped:
            self._over = True
            return self._chunks.end(usage(event.usage) if event.usage else None)
        return b""

    def _delta(self, block: int, delta: _Delta) -> bytes:
        if delta.reasoning_content is not None:
            return self._reasoning(block, delta.reasoning_content)
        if delta.tool_use is not None:
            if block not in self._tools:
                return b""
            return self._chunks.arguments(self._tools[block], bytes(delta.tool_use.input))
        return b"" if delta.text == _NOTHING else self._chunks.text(bytes(delta.text))

    def _reasoning(self, block: int, delta: _ReasoningDelta) -> bytes:
        if delta.redacted_content is not None:
            return self._signed(Reasoning(redacted_content=delta.redacted_content))
        if delta.signature is not None:
            parts = self._thoughts.pop(block, [])
            text = "".join(msgspec.json.decode(part, type=str) for part in parts)
            return self._signed(Reasoning(ReasoningText(text, delta.signature)))
        if delta.text == _NOTHING:
            return b""
        thought = bytes(delta.text)
        self._thoughts.setdefault(block, []).append(thought)
        return self._chunks.reasoning(thought)

    def _signed(self, reasoning: Reasoning) -> bytes:
        block = signed(reasoning)
        return b"" if block is None else self._chunks.chunk(_encode({"thinking_blocks": [block]}))

    def _fail(self, error: ProviderError) -> bytes:
        self._over = True
        return failed(error)
