"""Exact control over the bytes of one response."""

import asyncio
import socket
import struct
from collections.abc import Iterable

from apps.gateway.lab.provider.ledger import Seen

Header = tuple[str, str]

JSON: Header = ("content-type", "application/json")
SSE: Header = ("content-type", "text/event-stream; charset=utf-8")
CHUNKED: Header = ("transfer-encoding", "chunked")
REASONS = {200: "OK", 400: "Bad Request", 401: "Unauthorized", 404: "Not Found", 429: "Too Many Requests"}


class Wire:
    """Writes a response; what it is told to write goes out as one piece, flushed."""

    def __init__(self, writer: asyncio.StreamWriter, seen: Seen) -> None:
        self._writer, self._seen = writer, seen
        writer.transport.set_write_buffer_limits(high=0)
        self.chunked = False
        self.closed = False

    async def head(self, status: int = 200, headers: Iterable[Header] = ()) -> None:
        """The status line and exactly these headers."""
        lines = [f"HTTP/1.1 {status} {REASONS.get(status, 'Status')}"]
        for name, value in headers:
            lines.append(f"{name}: {value}")
            self.chunked = self.chunked or (name, value) == CHUNKED
        await self.raw("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n")

    async def raw(self, data: bytes) -> None:
        self._writer.write(data)
        await self._writer.drain()
        self._seen.sent_bytes += len(data)

    async def body(self, data: bytes) -> None:
        """A piece of the body, framed as the head announced it."""
        await self.raw(b"%x\r\n%b\r\n" % (len(data), data) if self.chunked else data)

    async def end(self) -> None:
        if self.chunked:
            await self.raw(b"0\r\n\r\n")

    async def answer(self, status: int, body: bytes, headers: Iterable[Header] = (JSON,)) -> None:
        """A whole response with its length."""
        await self.head(status, [*headers, ("content-length", str(len(body)))])
        await self.raw(body)

    def reset(self) -> None:
        """End the connection with a TCP RST."""
        self.closed = True
        sock = self._writer.get_extra_info("socket")
        if sock is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._writer.transport.abort()

    def close(self) -> None:
        """End the connection in the orderly way, whatever was announced."""
        self.closed = True
        self._writer.close()
