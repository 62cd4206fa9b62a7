"""From the chunks of a chat completion to the typed events of a response."""

from typing import Any

import msgspec

from apps.serving.dialects.base import KEEP_ALIVE, ToldError
from apps.serving.dialects.chat.calls import CallNumbers
from apps.serving.dialects.chat.logprobs import read_logprobs
from apps.serving.dialects.chat.schema import Call, Choice, Completion, Message, arguments, read_completion, string
from apps.serving.dialects.responses.items import COMPLETED
from apps.serving.dialects.responses.opened import Events, OpenCall, OpenItem, OpenMessage, OpenReasoning
from apps.serving.dialects.responses.response import Response, begun, ended, failed, status_of
from apps.serving.providers.base import Members
from apps.serving.providers.chat.completion import new_call_id
from llmkit.usage import Usage, read_usage

_encode = msgspec.json.Encoder().encode


class ResponsesStream:
    """Items are told in the order of their beginnings; only tool calls that a provider mixes up overlap."""

    def __init__(self, request: Members, token: str) -> None:
        self.answer = b""
        self._request, self._token = request, token
        self._events = Events()
        self._response: Response | None = None
        self._usage: Usage | None = None
        self._finish_reason: str | None = None
        self._items: list[OpenItem] = []
        self._open: list[OpenItem] = []
        self._numbers = CallNumbers()
        self._calls: list[OpenCall] = []

    def feed(self, events: list[bytes]) -> bytes:
        return b"".join([self._chunk(read_completion(data)) for data in events])

    def end(self) -> bytes:
        start = self._start(Completion())
        closed = self._close(status_of(self._finish_reason))
        whole = ended(self._begun, self._finish_reason, self._output(), self._usage)
        return b"".join([start, closed, self._last(whole)])

    def fail(self, error: ToldError) -> bytes:
        """Items that are still open stay out of it."""
        start = self._start(Completion())
        return start + self._last(failed(self._begun, error, self._output(), self._usage))

    def keep_alive(self) -> bytes:
        return KEEP_ALIVE

    @property
    def _begun(self) -> Response:
        """LookupError before the first event."""
        if self._response is None:
            raise LookupError("This response has not begun.")
        return self._response

    def _start(self, chunk: Completion) -> bytes:
        if self._response is not None:
            return b""
        response = self._response = begun(self._request, chunk, self._token)
        created = self._events.event(b"response.created", response=response)
        return created + self._events.event(b"response.in_progress", response=response)

    def _last(self, response: Response) -> bytes:
        self.answer = _encode(response)
        kind = b"response." + response["status"].encode()
        return self._events.write(kind, b'"response":' + self.answer)

    def _output(self) -> list[dict[str, Any]]:
        return [item.item for item in self._items if item.item is not None]

    def _chunk(self, chunk: Completion) -> bytes:
        if chunk.usage is not None:
            self._usage = read_usage(chunk.usage) or self._usage
        if not chunk.choices:
            return b""
        out = [self._start(chunk)]
        out += [self._choice(choice) for choice in chunk.choices if choice.index == 0]
        return b"".join(out)

    def _choice(self, choice: Choice) -> bytes:
        out = self._delta(choice.delta, choice.logprobs) if choice.delta is not None else b""
        if choice.finish_reason is None:
            return out
        self._finish_reason = choice.finish_reason
        return out + self._close(status_of(choice.finish_reason))

    def _delta(self, delta: Message, probabilities: Any) -> bytes:
        out = []
        if delta.thinking_blocks or delta.thought:
            out.append(self._reason(delta))
        if text := string(delta.content):
            message, start = self._message()
            tokens = read_logprobs(probabilities) if probabilities is not None else []
            out.append(start + message.text(text, tokens))
        if refusal := string(delta.refusal):
            message, start = self._message()
            out.append(start + message.refusal(refusal))
        if delta.tool_calls:
            out += [self._call(call) for call in delta.tool_calls]
        return out[0] if len(out) == 1 else b"".join(out)

    def _reason(self, delta: Message) -> bytes:
        item, start = self._newest(), b""
        if not isinstance(item, OpenReasoning):
            item = OpenReasoning(self._events, *self._next("rs"))
            start = self._opened(item)
        if thought := delta.thought:
            start += item.text(thought)
        return start + item.sign(delta.thinking_blocks or [])

    def _message(self) -> tuple[OpenMessage, bytes]:
        item = self._newest()
        if isinstance(item, OpenMessage):
            return item, b""
        item = OpenMessage(self._events, *self._next("msg"))
        return item, self._opened(item)

    def _call(self, call: Call) -> bytes:
        number, first = self._numbers.place(call)
        start = b""
        if first:
            name = (call.function and call.function.name) or ""
            item = OpenCall(self._events, *self._next("fc"), call.id or new_call_id(), name)
            start = self._opened(item)
            self._calls.append(item)
        fragment = arguments(call.function)
        return start + self._calls[number].arguments(fragment) if fragment else start

    def _newest(self) -> OpenItem | None:
        return self._open[-1] if self._open else None

    def _next(self, prefix: str) -> tuple[str, int]:
        """The id and the place of the next item."""
        index = len(self._items)
        return f"{prefix}_{self._token}_{index}", index

    def _opened(self, item: OpenItem) -> bytes:
        """The item's first event, and before it the end of those that nothing more can come for."""
        over = [one for one in self._open if one.complete]
        self._open = [one for one in self._open if one not in over]
        closed = [one.close(COMPLETED) for one in over]
        self._items.append(item)
        self._open.append(item)
        return b"".join([*closed, item.open()])

    def _close(self, status: str) -> bytes:
        """Everything ends; `status` is that of the last item, which the others were through with."""
        still, self._open = self._open, []
        return b"".join([item.close(COMPLETED if item is not still[-1] else status) for item in still])
