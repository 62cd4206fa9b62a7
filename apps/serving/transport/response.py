"""What the caller of the client holds: status, headers, and the body to be read once by one reader."""

import asyncio
from collections.abc import AsyncIterator
from types import TracebackType

from apps.serving.transport.errors import ProtocolError, ResponseTooLarge
from apps.serving.transport.exchange import Exchange
from apps.serving.transport.inflate import Inflater
from apps.serving.transport.target import Timeouts

DEFAULT_BODY_LIMIT = 32 * 1024 * 1024
_CODED = (b"content-encoding", b"content-length")


class Response(Exchange):
    """`status` and `headers` (names in lower case, in the order they came), then `read()` or `chunks()`.

    A body that came compressed is decoded, and its content-encoding and content-length headers are left out.
    A response that isn't read to its end has to be closed; `async with` does it.
    """

    def __init__(
        self, loop: asyncio.AbstractEventLoop, timeouts: Timeouts, buffer_limit: int, *, head_request: bool = False
    ) -> None:
        super().__init__(loop, timeouts, buffer_limit)
        self.head_request = head_request
        self.reused = False  # carried by a kept-alive connection
        self._inflater: Inflater | None = None

    def header(self, name: bytes) -> bytes | None:
        """The value of the first header of that name, which is given in lower case."""
        for known, value in self.headers:
            if known == name:
                return value
        return None

    def chunks(self) -> AsyncIterator[bytes]:
        """The body in pieces as they come, none of them empty; may end with a TransportError."""
        return _Chunks(self)

    async def next_chunk(self) -> bytes:
        """The next piece of the body; b"" at its end."""
        if self._inflater is not None:
            return await self._next_inflated(self._inflater)
        while not self.parts:
            if self.error is not None:
                raise self.error
            if self.complete:
                return b""
            await self.wait(1)
        return self.take()

    async def read(self, limit: int = DEFAULT_BODY_LIMIT) -> bytes:
        """The whole body. ResponseTooLarge, and the connection closed, if it is longer than `limit` bytes."""
        if self.complete and self._inflater is None and self.buffered <= limit:
            return self.take()
        announced = self.header(b"content-length")
        if announced is not None and int(announced) > limit and not self.head_request:
            raise self._too_large(limit)
        pieces: list[bytes] = []
        size = 0
        while True:
            # Woken once at the end, or each time the buffer is full.
            if not self.complete and self.error is None and self.buffered < self.buffer_limit:
                await self.wait(self.buffer_limit)
            piece = await self.next_chunk()
            if not piece:
                return b"".join(pieces)
            pieces.append(piece)
            size += len(piece)
            if size > limit:
                raise self._too_large(limit)

    def decode_body(self) -> None:
        """Called once the head is there: ProtocolError for a coding that can't be undone."""
        coding = self.header(b"content-encoding")
        if coding is not None and coding.lower() != b"identity":
            self._inflater = Inflater(coding.lower())
            self.headers = [header for header in self.headers if header[0] not in _CODED]

    async def _next_inflated(self, inflater: Inflater) -> bytes:
        while True:
            try:
                if piece := inflater.take(self.buffer_limit):
                    return piece
            except ProtocolError:
                self.close()
                raise
            if self.parts:
                inflater.add(self.take())
            elif self.error is not None:
                raise self.error
            elif not self.complete:
                await self.wait(1)
            else:
                if self.received:
                    inflater.finish()
                return b""

    def _too_large(self, limit: int) -> ResponseTooLarge:
        self.close()
        return ResponseTooLarge(f"The answer is longer than {limit} bytes.")

    async def __aenter__(self) -> "Response":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class _Chunks:
    """An iterator and not a generator: leaving its loop early leaves nothing for the event loop to clean up."""

    __slots__ = ("_response",)

    def __init__(self, response: Response) -> None:
        self._response = response

    def __aiter__(self) -> "_Chunks":
        return self

    async def __anext__(self) -> bytes:
        chunk = await self._response.next_chunk()
        if not chunk:
            raise StopAsyncIteration
        return chunk
