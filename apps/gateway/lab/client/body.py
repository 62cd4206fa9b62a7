"""Reading the body of an answer as its head announced it."""

import asyncio
from typing import Protocol

from apps.gateway.lab.client.answer import Answer
from apps.gateway.lab.client.reader import KeepingReader

AT_ONCE = 64 * 1024


class TornBody(Exception):
    """The body ended before it was complete, or broke the rules of its coding."""


class Body(Protocol):
    async def piece(self) -> bytes:
        """Some more of it, b"" at its end; TornBody where that isn't the end that was announced."""
        ...


def body_of(answer: Answer, method: str, reader: KeepingReader) -> Body:
    coding, length = answer.header("transfer-encoding").lower(), answer.header("content-length")
    if coding and length:
        answer.problem = "both Transfer-Encoding and Content-Length"
    if method == "HEAD" or answer.status in {204, 304}:
        return Measured(reader, 0)
    if coding == "chunked":
        return Chunked(reader)
    if length.isascii() and length.isdigit():
        return Measured(reader, int(length))
    return UntilClosed(reader)


class Measured:
    def __init__(self, reader: KeepingReader, left: int) -> None:
        self._reader, self._left = reader, left

    async def piece(self) -> bytes:
        if not self._left:
            return b""
        piece = await _some(self._reader, self._left)
        if not piece:
            raise TornBody(f"the body broke off {self._left} bytes before its announced end")
        self._left -= len(piece)
        return piece


class Chunked:
    def __init__(self, reader: KeepingReader) -> None:
        self._reader, self._left, self._over = reader, 0, False

    async def piece(self) -> bytes:
        try:
            if not self._left and not self._over:
                self._left = await self._next_size()
                self._over = not self._left
            if self._over:
                return b""
            piece = await _some(self._reader, self._left)
            if not piece:
                raise TornBody("the body broke off inside a chunk")
            self._left -= len(piece)
            if not self._left and await self._reader.readexactly(2) != b"\r\n":
                raise TornBody("a chunk without its line end")
        except asyncio.IncompleteReadError:
            raise TornBody("the body broke off before its last chunk") from None
        return piece

    async def _next_size(self) -> int:
        line = await self._reader.readuntil(b"\r\n")
        try:
            size = int(line.split(b";")[0], 16)
        except ValueError:
            raise TornBody("a chunk without a size") from None
        while not size and await self._reader.readuntil(b"\r\n") != b"\r\n":
            continue
        return size


class UntilClosed:
    def __init__(self, reader: KeepingReader) -> None:
        self._reader = reader

    async def piece(self) -> bytes:
        return await _some(self._reader, AT_ONCE)


async def _some(reader: KeepingReader, most: int) -> bytes:
    piece = await reader.read(min(most, AT_ONCE))
    if not piece and reader.was_reset:
        raise TornBody("the connection was reset in the middle of the body")
    return piece
