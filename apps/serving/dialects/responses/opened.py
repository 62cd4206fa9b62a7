"""The output items of a response's stream, from their first event to their last."""

from typing import Any

import msgspec

from apps.serving.dialects.chat.schema import Thought
from apps.serving.dialects.responses.items import (
    IN_PROGRESS,
    call_item,
    message_item,
    reasoning_item,
    refusal_content,
    text_content,
)
from apps.serving.dialects.responses.reasoning import sealed

EMPTY = b'""'
NO_LOGPROBS = b"[]"
_encode = msgspec.json.Encoder().encode


class Events:
    """The events of one stream, numbered from 0."""

    def __init__(self) -> None:
        self._number = 0

    def write(self, kind: bytes, members: bytes) -> bytes:
        """`members`: JSON without the braces, on one line."""
        number = self._number
        self._number += 1
        return b'event: %b\ndata: {"type":"%b","sequence_number":%d,%b}\n\n' % (kind, kind, number, members)

    def event(self, kind: bytes, **members: Any) -> bytes:
        return self.write(kind, _encode(members)[1:-1])


def joined(pieces: list[bytes]) -> bytes:
    """JSON strings one behind the other, as one."""
    return b'"%b"' % b"".join([piece[1:-1] for piece in pieces])


class OpenItem:
    """`item`: what the response's output holds of it, once it is over."""

    def __init__(self, events: Events, item_id: str, index: int) -> None:
        self.item: dict[str, Any] | None = None
        self._events, self._id, self._index = events, item_id, index
        self._place = {"item_id": item_id, "output_index": index}

    @property
    def complete(self) -> bool:
        """Whether nothing of it can be missing."""
        return True

    def open(self) -> bytes:
        """The first event."""
        raise NotImplementedError

    def close(self, status: str) -> bytes:
        """The last events; `status` is that of the item."""
        raise NotImplementedError

    def _delta_head(self, **members: int) -> bytes:
        """All of a delta event but the delta."""
        return _encode({**self._place, **members})[1:-1] + b',"delta":'

    def _added(self, item: dict[str, Any]) -> bytes:
        return self._events.event(b"response.output_item.added", output_index=self._index, item=item)

    def _done(self, item: dict[str, Any]) -> bytes:
        self.item = item
        return self._events.event(b"response.output_item.done", output_index=self._index, item=item)


class OpenReasoning(OpenItem):
    def __init__(self, events: Events, item_id: str, index: int) -> None:
        super().__init__(events, item_id, index)
        self._pieces: list[bytes] = []
        self._thoughts: list[Thought] = []
        self._summary = {**self._place, "summary_index": 0}
        self._head = self._delta_head(summary_index=0)

    def open(self) -> bytes:
        return self._added(reasoning_item(self._id, b"", IN_PROGRESS))

    def text(self, written: bytes) -> bytes:
        start = b"" if self._pieces else self._part(b"response.reasoning_summary_part.added", EMPTY)
        self._pieces.append(written)
        return start + self._events.write(b"response.reasoning_summary_text.delta", self._head + written)

    def sign(self, thoughts: list[Thought]) -> bytes:
        """Kept for the item's end; reasoning that nobody has told yet is told."""
        self._thoughts += thoughts
        if self._pieces:
            return b""
        return b"".join([self.text(_encode(thought.thinking)) for thought in thoughts if thought.thinking])

    def close(self, status: str) -> bytes:
        text = joined(self._pieces) if self._pieces else b""
        out = []
        if text:
            whole = msgspec.Raw(text)
            out.append(self._events.event(b"response.reasoning_summary_text.done", **self._summary, text=whole))
            out.append(self._part(b"response.reasoning_summary_part.done", text))
        out.append(self._done(reasoning_item(self._id, text, status, sealed(self._thoughts))))
        return b"".join(out)

    def _part(self, kind: bytes, text: bytes) -> bytes:
        part = {"type": "summary_text", "text": msgspec.Raw(text)}
        return self._events.event(kind, **self._summary, part=part)


class OpenMessage(OpenItem):
    """Text and a refusal are parts of their own; one is open at a time."""

    def __init__(self, events: Events, item_id: str, index: int) -> None:
        super().__init__(events, item_id, index)
        self._parts: list[dict[str, Any]] = []  # those that are over
        self._kind = ""  # of the open part
        self._pieces: list[bytes] = []
        self._logprobs: list[Any] = []
        self._head = b""

    def open(self) -> bytes:
        return self._added(message_item(self._id, [], IN_PROGRESS))

    def text(self, written: bytes, logprobs: list[Any]) -> bytes:
        start = b"" if self._kind == "output_text" else self._open_part("output_text", text_content(EMPTY, []))
        self._pieces.append(written)
        told = NO_LOGPROBS
        if logprobs:
            self._logprobs += logprobs
            told = _encode(logprobs)
        delta = self._head + written + b',"logprobs":' + told
        return start + self._events.write(b"response.output_text.delta", delta)

    def refusal(self, written: bytes) -> bytes:
        start = b"" if self._kind == "refusal" else self._open_part("refusal", refusal_content(EMPTY))
        self._pieces.append(written)
        return start + self._events.write(b"response.refusal.delta", self._head + written)

    def close(self, status: str) -> bytes:
        return self._close_part() + self._done(message_item(self._id, self._parts, status))

    def _open_part(self, kind: str, part: dict[str, Any]) -> bytes:
        before = self._close_part()
        self._kind, self._pieces, self._logprobs = kind, [], []
        index = len(self._parts)
        self._head = self._delta_head(content_index=index)
        return before + self._events.event(
            b"response.content_part.added", **self._place, content_index=index, part=part
        )

    def _close_part(self) -> bytes:
        if not self._kind:
            return b""
        place = {**self._place, "content_index": len(self._parts)}
        text = joined(self._pieces)
        if self._kind == "refusal":
            part = refusal_content(text)
            done = self._events.event(b"response.refusal.done", **place, refusal=msgspec.Raw(text))
        else:
            part = text_content(text, self._logprobs)
            whole = {"text": msgspec.Raw(text), "logprobs": self._logprobs}
            done = self._events.event(b"response.output_text.done", **place, **whole)
        self._parts.append(part)
        self._kind = ""
        return done + self._events.event(b"response.content_part.done", **place, part=part)


class OpenCall(OpenItem):
    def __init__(self, events: Events, item_id: str, index: int, call_id: str, name: str) -> None:
        super().__init__(events, item_id, index)
        self._call_id, self._name = call_id, name
        self._pieces: list[bytes] = []
        self._head = self._delta_head()

    @property
    def complete(self) -> bool:
        """Providers may write several calls at once; this one is over when its arguments are JSON."""
        if not self._pieces or not self._pieces[-1].endswith(b'}"'):
            return False
        try:
            text = msgspec.json.decode(joined(self._pieces), type=str)
            msgspec.json.decode(text, type=dict[str, msgspec.Raw])
        except (msgspec.DecodeError, RecursionError):
            return False
        return True

    def open(self) -> bytes:
        return self._added(call_item(self._id, self._call_id, self._name, EMPTY, IN_PROGRESS))

    def arguments(self, written: bytes) -> bytes:
        """What comes after the end is white space."""
        if self.item is not None:
            return b""
        self._pieces.append(written)
        return self._events.write(b"response.function_call_arguments.delta", self._head + written)

    def close(self, status: str) -> bytes:
        text = joined(self._pieces)
        whole = {"name": self._name, "arguments": msgspec.Raw(text)}
        done = self._events.event(b"response.function_call_arguments.done", **self._place, **whole)
        return done + self._done(call_item(self._id, self._call_id, self._name, text, status))
