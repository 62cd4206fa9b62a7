"""AWS's event-stream framing: binary messages with headers and checksums."""

import struct
from collections.abc import Iterator

from botocore.eventstream import EventStreamBuffer, ParserError  # type: ignore[import-untyped]

BROKEN = (ParserError, struct.error, KeyError, IndexError, UnicodeDecodeError)


class Broken(Exception):
    """The stream isn't framed as it has to be, or was damaged on the way."""


class Frames:
    """Feed it bytes as they come; it gives the kind and the payload of each message that they complete.

    The kind is the event's name, such as contentBlockDelta, or of an error the exception's, such as
    throttlingException.
    """

    def __init__(self) -> None:
        self._buffer = EventStreamBuffer()

    def feed(self, chunk: bytes) -> Iterator[tuple[str, bytes]]:
        """Broken where the framing is no good."""
        self._buffer.add_data(chunk)
        try:
            for message in self._buffer:
                headers = message.headers
                kind = headers.get(":event-type") or headers.get(":exception-type") or headers.get(":error-code")
                yield str(kind), bytes(message.payload) or str(headers.get(":error-message", "")).encode()
        except BROKEN as error:
            raise Broken from error
