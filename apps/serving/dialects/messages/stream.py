"""From the chunks of a chat completion to Anthropic's stream events."""

import msgspec

from apps.serving.dialects.base import ToldError
from apps.serving.dialects.chat.calls import CallNumbers
from apps.serving.dialects.chat.schema import (
    Call,
    Choice,
    Completion,
    Message,
    Thought,
    arguments,
    read_completion,
    string,
)
from apps.serving.dialects.messages.answer import opened, stop_reason, usage
from apps.serving.dialects.messages.blocks import Block, Blocks
from apps.serving.dialects.messages.errors import error_event
from apps.serving.providers.base import Members
from apps.serving.providers.chat.completion import new_call_id
from llmkit import sse
from llmkit.usage import Usage, read_usage

PING = b'event: ping\ndata: {"type":"ping"}\n\n'
MESSAGE_STOP = b'event: message_stop\ndata: {"type":"message_stop"}\n\n'
_encode = msgspec.json.Encoder().encode


class MessagesStream:
    answer = b""

    def __init__(self, request: Members) -> None:
        self._request = request
        self._usage: Usage | None = None
        self._started = self._refused = False
        self._last = Choice()  # the one that said why it ended
        self._blocks = Blocks()
        self._numbers = CallNumbers()
        self._calls: list[Block] = []

    def feed(self, events: list[bytes]) -> bytes:
        return b"".join([self._chunk(read_completion(data)) for data in events])

    def end(self) -> bytes:
        """The counts come now: chat completions tell them at the very end, and they are totals."""
        start = b"" if self._started else self._start(Completion())
        reason, sequence = stop_reason(self._last, self._request, calls=bool(self._calls), refused=self._refused)
        over = {
            "type": "message_delta",
            "delta": {"stop_reason": reason, "stop_sequence": sequence},
            "usage": usage(self._usage),
        }
        return b"".join([start, self._blocks.close(), sse.encode(_encode(over), "message_delta"), MESSAGE_STOP])

    def fail(self, error: ToldError) -> bytes:
        return error_event(error)

    def keep_alive(self) -> bytes:
        return PING

    def _chunk(self, chunk: Completion) -> bytes:
        if chunk.usage is not None:
            self._usage = read_usage(chunk.usage) or self._usage
        out = []
        for choice in chunk.choices or ():
            if not self._started:
                out.append(self._start(chunk))
            if choice.index == 0:
                out.append(self._choice(choice))
        return b"".join(out)

    def _start(self, chunk: Completion) -> bytes:
        self._started = True
        start = {"type": "message_start", "message": opened(chunk.id, chunk.model, self._usage)}
        return sse.encode(_encode(start), "message_start")

    def _choice(self, choice: Choice) -> bytes:
        out = self._delta(choice.delta) if choice.delta is not None else b""
        if choice.finish_reason is None:
            return out
        self._last = choice
        return out + self._blocks.close()

    def _delta(self, delta: Message) -> bytes:
        out = []
        if thought := delta.thought:
            out.append(self._write("thinking", thought))
        if delta.thinking_blocks:
            out += [self._signed(thought) for thought in delta.thinking_blocks]
        if text := string(delta.content):
            out.append(self._write("text", text))
        if refusal := string(delta.refusal):
            self._refused = True
            out.append(self._write("text", refusal))
        if delta.tool_calls:
            out += [self._call(call) for call in delta.tool_calls]
        return out[0] if len(out) == 1 else b"".join(out)

    def _write(self, kind: str, written: bytes) -> bytes:
        block, start = self._blocks.last, b""
        if block is None or block.kind != kind:
            block, start = self._blocks.text() if kind == "text" else self._blocks.thinking()
        return start + self._blocks.delta(block, written)

    def _signed(self, thought: Thought) -> bytes:
        """Reasoning that has been told gets its signature; one that hasn't comes whole."""
        if thought.type == "redacted_thinking":
            return self._blocks.redacted(thought.data)
        block, out = self._blocks.last, b""
        if block is None or block.kind != "thinking":
            block, out = self._blocks.thinking()
            if thought.thinking:
                out += self._blocks.delta(block, _encode(thought.thinking))
        return out + self._blocks.sign(block, thought.signature) if thought.signature else out

    def _call(self, call: Call) -> bytes:
        number, first = self._numbers.place(call)
        out = b""
        if first:
            name = (call.function and call.function.name) or ""
            block, out = self._blocks.tool_use(call.id or new_call_id(), name)
            self._calls.append(block)
        fragment = arguments(call.function)
        return out + self._blocks.delta(self._calls[number], fragment) if fragment else out
