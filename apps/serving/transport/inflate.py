"""Undoing a content coding that a provider used although it was asked not to."""

import zlib

from apps.serving.transport.errors import ProtocolError

_ANY_HEADER = 32 + zlib.MAX_WBITS  # zlib finds out itself whether the data are gzip or zlib
_CODINGS = frozenset((b"gzip", b"x-gzip", b"deflate"))


class Inflater:
    """Gives decoded bytes in pieces of bounded size, so that a small body can't become a huge one in memory."""

    def __init__(self, coding: bytes) -> None:
        if coding not in _CODINGS:
            raise ProtocolError(f"The answer came in the content coding {coding[:20]!r}, which nobody asked for.")
        self._inflate = zlib.decompressobj(_ANY_HEADER)
        self._pending = b""

    def add(self, data: bytes) -> None:
        self._pending += data

    def take(self, size: int) -> bytes:
        """At most `size` decoded bytes, b"" when more input is needed; ProtocolError for damaged data."""
        out = b""
        while self._pending and not out:
            if self._inflate.eof:  # a gzip file may hold several members
                self._inflate = zlib.decompressobj(_ANY_HEADER)
            try:
                out = self._inflate.decompress(self._pending, size)
            except zlib.error:
                raise ProtocolError("The compressed answer is damaged.") from None
            self._pending = self._inflate.unconsumed_tail or self._inflate.unused_data
        return out

    def finish(self) -> None:
        """ProtocolError if the data stopped in the middle."""
        if not self._inflate.eof:
            raise ProtocolError("The compressed answer is incomplete.")
