"""Where a page of spans ends, as a word for a URL: opaque to whoever carries it."""

import base64
import binascii
import struct
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FORM = struct.Struct(">c q 16s 8s")


class BadCursor(ValueError):
    """Not a cursor that was handed out here."""


@dataclass(frozen=True)
class Cursor:
    """The span beside the page that is asked for; `newer` says on which side."""

    start_time: datetime
    trace_id: uuid.UUID
    span_id: str
    newer: bool = False

    def encode(self) -> str:
        microseconds = (self.start_time - EPOCH) // timedelta(microseconds=1)
        side = b"n" if self.newer else b"o"
        packed = _FORM.pack(side, microseconds, self.trace_id.bytes, bytes.fromhex(self.span_id))
        return base64.urlsafe_b64encode(packed).decode().rstrip("=")


def decode(text: str) -> Cursor:
    try:
        packed = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        side, microseconds, trace, span = _FORM.unpack(packed)
        start_time = EPOCH + timedelta(microseconds=microseconds)
    except (binascii.Error, struct.error, OverflowError, ValueError):
        raise BadCursor("This is not a cursor of this list.") from None
    if side not in {b"n", b"o"}:
        raise BadCursor("This is not a cursor of this list.")
    return Cursor(start_time, uuid.UUID(bytes=trace), span.hex(), newer=side == b"n")
