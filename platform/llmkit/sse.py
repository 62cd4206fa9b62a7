"""Server-Sent Events: an incremental parser and the encoder (WHATWG HTML, section 9.2).

Data stay bytes: line ends are ASCII, so a UTF-8 sequence that was cut between two chunks is whole again before
anyone decodes it.
"""

import re

import msgspec

DEFAULT_LIMIT = 1024 * 1024
_BOM = b"\xef\xbb\xbf"
_COLON = ord(":")
_LINE_END = re.compile(rb"\r\n|\r|\n")


class EventTooLarge(ValueError):
    """One event, or one line of a comment, is longer than the parser's limit."""


class Event(msgspec.Struct, gc=False, frozen=True):
    """One dispatched event: data without the last line end, the event's type ("" = message), the last id seen."""

    data: bytes
    event: str = ""
    id: str = ""

    @property
    def text(self) -> str:
        return self.data.decode("utf-8", "replace")


class Parser:
    """Feed it bytes as they come; the events don't depend on where the bytes were cut.

    `limit` bounds the bytes of one event (all its lines), and of one line of a comment. Events that were whole
    before an oversized one are still returned; the next call raises EventTooLarge, as does every later one.
    """

    def __init__(self, limit: int = DEFAULT_LIMIT) -> None:
        self.limit = limit
        self._between_events = True
        self._start: bytes | None = b""  # the first bytes, until they can't become a byte order mark any more
        self._partial: list[bytes] = []  # pieces of a line whose end hasn't come yet
        self._partial_size = 0
        self._data: list[bytes] = []
        self._type = ""
        self._last_id = ""
        self._event_size = 0
        self._after_cr = False
        self._failed = False
        self._events: list[Event] = []

    def feed(self, chunk: bytes) -> list[Event]:
        """The events that `chunk` completes; EventTooLarge once the stream broke the limit."""
        if self._between_events and chunk[:6] == b"data: " and chunk[-2:] == b"\n\n" and b"\r" not in chunk:
            blocks = chunk[6:-2].split(b"\n\ndata: ")
            # Not one line end more than these blocks account for: each block is a single line of data.
            if chunk.count(b"\n") == 2 * len(blocks) and len(chunk) <= self.limit:
                last_id, self._start = self._last_id, None
                return [Event(block, "", last_id) for block in blocks]
        return self._feed_slowly(chunk)

    def end(self) -> list[Event]:
        """The event that still lacked its blank line when the stream ended: browsers drop it, servers forget it."""
        return self._feed_slowly(b"\n\n")

    def _feed_slowly(self, chunk: bytes) -> list[Event]:
        if not self._failed:
            if self._start is not None:
                chunk = self._without_bom(chunk)
            if chunk and (chunk := self._with_plain_line_ends(chunk)):
                self._take(chunk)
            self._between_events = (
                not (self._event_size or self._partial_size or self._after_cr) and self._start is None
            )
        events, self._events = self._events, []
        if self._failed:
            self._between_events = False
            if not events:
                raise EventTooLarge(f"A server-sent event is longer than {self.limit} bytes.")
        return events

    def _without_bom(self, chunk: bytes) -> bytes:
        chunk = (self._start or b"") + chunk
        if len(chunk) < len(_BOM) and _BOM.startswith(chunk):
            self._start = chunk
            return b""
        self._start = None
        return chunk.removeprefix(_BOM)

    def _with_plain_line_ends(self, chunk: bytes) -> bytes:
        if self._after_cr:
            self._after_cr = False
            chunk = chunk.removeprefix(b"\n")
        if b"\r" in chunk:
            # A CR ends its line at once; a LF that opens the next chunk then belongs to it.
            self._after_cr = chunk.endswith(b"\r")
            chunk = chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        return chunk

    def _take(self, chunk: bytes) -> None:
        if b"\n" in chunk:
            if self._partial:
                chunk = b"".join(self._partial) + chunk
                self._partial, self._partial_size = [], 0
            *lines, chunk = chunk.split(b"\n")
            for line in lines:
                if line:
                    self._line(line)
                else:
                    self._dispatch()
                if self._failed:
                    return
        if chunk:
            self._partial.append(chunk)
            self._partial_size += len(chunk)
            before = 0 if self._partial[0][0] == _COLON else self._event_size
            self._failed = before + self._partial_size > self.limit

    def _line(self, line: bytes) -> None:
        if line[0] == _COLON:
            self._failed = len(line) > self.limit
            return
        self._event_size += len(line)
        if self._event_size > self.limit:
            self._failed = True
            return
        name, _, value = line.partition(b":")
        if value[:1] == b" ":
            value = value[1:]
        if name == b"data":
            self._data.append(value)
        elif name == b"event":
            self._type = value.decode("utf-8", "replace")
        elif name == b"id" and b"\0" not in value:
            self._last_id = value.decode("utf-8", "replace")

    def _dispatch(self) -> None:
        data = self._data
        if data:
            self._events.append(Event(data[0] if len(data) == 1 else b"\n".join(data), self._type, self._last_id))
            self._data = []
        self._type, self._event_size = "", 0


def encode(data: bytes | str, event: str | None = None) -> bytes:
    """One event on the wire; line ends inside `data` become several data lines. ValueError for one in `event`."""
    if isinstance(data, str):
        data = data.encode()
    if b"\n" in data or b"\r" in data:
        data = b"\ndata: ".join(_LINE_END.split(data))
    if event is None:
        return b"data: %b\n\n" % data
    if "\n" in event or "\r" in event:
        raise ValueError("An event's type is a single line.")
    return b"event: %b\ndata: %b\n\n" % (event.encode(), data)
