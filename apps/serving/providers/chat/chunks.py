"""The chunks of a chat completion's stream, as every translator writes them."""

from typing import Any

import msgspec

from apps.serving.providers.base import ProviderError
from llmkit import sse

DONE = b"data: [DONE]\n\n"
NULL = b"null"
ROLE = b'{"role":"assistant","content":"","refusal":null}'
_encode = msgspec.json.Encoder().encode


class Chunks:
    """Of one stream: the same id, time and model in each. Nothing is written before `start`."""

    def __init__(self, created: int, *, include_usage: bool) -> None:
        self._created = created
        self._include_usage = include_usage
        self._opening = self._closing = b""  # of every chunk, around its choices
        self._calls: dict[int, int] = {}  # tool calls so far, by choice

    @property
    def started(self) -> bool:
        return bool(self._opening)

    def start(self, response_id: str, model: str) -> None:
        head = {"id": response_id, "object": "chat.completion.chunk", "created": self._created, "model": model}
        self._opening = b"data: " + _encode(head)[:-1] + b',"choices":'
        self._closing = b',"usage":null}\n\n' if self._include_usage else b"}\n\n"

    def role(self, choice: int = 0) -> bytes:
        """The first chunk of a choice."""
        return self.chunk(ROLE, choice)

    def chunk(self, delta: bytes, choice: int = 0, *, finish: bytes = NULL, logprobs: bytes = NULL) -> bytes:
        """One chunk; all but the number of the choice is JSON already."""
        body = b'[{"index":%d,"delta":%b,"logprobs":%b,"finish_reason":%b}]' % (choice, delta, logprobs, finish)
        return self._opening + body + self._closing

    def text(self, raw: bytes, choice: int = 0, *, logprobs: bytes = NULL) -> bytes:
        """Content; `raw` is a JSON string as it is written."""
        return self.chunk(b'{"content":' + raw + b"}", choice, logprobs=logprobs)

    def reasoning(self, raw: bytes, choice: int = 0) -> bytes:
        return self.chunk(b'{"reasoning_content":' + raw + b"}", choice)

    def next_call(self, choice: int = 0) -> int:
        """The index of one more tool call."""
        index = self._calls.get(choice, 0)
        self._calls[choice] = index + 1
        return index

    def called(self, choice: int = 0) -> bool:
        """Whether this choice has called a tool."""
        return choice in self._calls

    def open_call(self, index: int, call_id: str, name: str, choice: int = 0, extra: Any = None) -> bytes:
        """The first chunk of a tool call, the only one with its id and name."""
        function = {"name": name, "arguments": ""}
        call: dict[str, Any] = {"index": index, "id": call_id, "type": "function", "function": function}
        if extra is not None:
            call["extra_content"] = extra
        return self.chunk(_encode({"tool_calls": [call]}), choice)

    def arguments(self, index: int, raw: bytes, choice: int = 0) -> bytes:
        """A fragment of a call's arguments; `raw` is a JSON string as it is written."""
        delta = b'{"tool_calls":[{"index":%d,"function":{"arguments":%b}}]}' % (index, raw)
        return self.chunk(delta, choice)

    def finish(self, reason: str, choice: int = 0) -> bytes:
        return self.chunk(b"{}", choice, finish=_encode(reason))

    def end(self, usage: dict[str, Any] | None) -> bytes:
        """The end of the stream, with the usage before it where that was asked for and is known."""
        if not self._include_usage or usage is None:
            return DONE
        return self._opening + b'[],"usage":' + _encode(usage) + b"}\n\n" + DONE


def failed(error: ProviderError) -> bytes:
    """The last event of a stream that failed; no [DONE] follows."""
    return sse.encode(error.body())
