"""One request and its answer, step by step."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Coroutine
from typing import Any, TypeVar

from apps.gateway.lab.checks import Failed
from apps.gateway.lab.client.address import Address
from apps.gateway.lab.client.answer import Answer
from apps.gateway.lab.client.body import Body, TornBody, body_of
from apps.gateway.lab.client.head import read_head
from apps.gateway.lab.client.reader import KeepingReader
from apps.gateway.lab.client.request import Request
from llmkit.sse import Event, Parser

# Not a measure of speed: after so long, nothing will come any more.
PATIENCE = 30.0
HEAD_LIMIT = 256 * 1024
UNFINISHED = "left its answer unfinished"
T = TypeVar("T")


class Exchange:
    """Send with `send`, then `head`, then `piece` by piece, or everything with `answer`."""

    def __init__(self, reader: KeepingReader, writer: asyncio.StreamWriter, address: Address) -> None:
        self._reader, self._writer, self._address = reader, writer, address
        self._body: Body | None = None
        self._parser = Parser()
        self._waiting: list[Event] = []
        self._method = "POST"
        self.got: Answer | None = None
        self.comments = 0

    async def send(self, request: Request) -> None:
        """A gateway that answers before it has read all of the body may close its side meanwhile."""
        self._method = request.method
        await self.raw(request.head(self._address.authority) + request.payload())

    async def raw(self, data: bytes) -> None:
        with contextlib.suppress(ConnectionError):
            self._writer.write(data)
            await self._patiently(self._writer.drain(), "did not take the request")

    async def head(self) -> Answer:
        """Status and headers; Failed when there is no HTTP answer."""
        return (await self._opened())[0]

    async def piece(self) -> bytes:
        """Some more of the body, b"" at its end; a body that breaks off is noted in `got.problem`."""
        answer, body = await self._opened()
        try:
            piece = await self._patiently(body.piece(), UNFINISHED)
        except TornBody as torn:
            answer.problem = str(torn)
            return b""
        answer.body += piece
        return piece

    async def event(self) -> Event | None:
        """The next server-sent event, None at the end."""
        while not self._waiting:
            piece = await self.piece()
            if not piece:
                return None
            self.comments += piece.startswith(b":") or b"\n:" in piece
            self._waiting = self._parser.feed(piece)
        return self._waiting.pop(0)

    async def until_text(self, text: str) -> None:
        """Read on until an event holds this text; Failed when the stream ends, or flows on, without it."""
        await self._patiently(self._until_text(text), f"sent no {text!r}")

    async def _until_text(self, text: str) -> None:
        while (event := await self.event()) is not None:
            if text in event.text:
                return
        raise Failed(f"the stream ended before {text!r} came: {self.got}")

    async def answer(self) -> Answer:
        """All of it."""
        pieces = []
        answer, body = await self._opened()
        try:
            while piece := await self._patiently(body.piece(), UNFINISHED):
                pieces.append(piece)
        except TornBody as torn:
            answer.problem = str(torn)
        answer.body += b"".join(pieces)
        return answer

    def hang_up(self) -> None:
        self._writer.close()

    async def _opened(self) -> tuple[Answer, Body]:
        if self.got is None or self._body is None:
            self.got = await self._patiently(read_head(self._reader), "sent no answer")
            self._body = body_of(self.got, self._method, self._reader)
        return self.got, self._body

    async def _patiently(self, step: Coroutine[Any, Any, T], what: str) -> T:
        try:
            return await asyncio.wait_for(step, PATIENCE)
        except TimeoutError:
            raise Failed(f"the gateway {what} within {PATIENCE:.0f} s") from None


@contextlib.asynccontextmanager
async def open_exchange(address: Address, *, receive_buffer: int = 0) -> AsyncIterator[Exchange]:
    """A connection for one exchange; `receive_buffer` makes it take little ahead. Failed when nobody listens."""
    reader, writer = await _connect(address, receive_buffer)
    try:
        yield Exchange(reader, writer, address)
    finally:
        writer.transport.abort()


async def _connect(address: Address, receive_buffer: int) -> tuple[KeepingReader, asyncio.StreamWriter]:
    sock = socket.socket(socket.AF_INET6 if ":" in address.host else socket.AF_INET)
    sock.setblocking(False)
    if receive_buffer:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    try:
        loop = asyncio.get_running_loop()
        await loop.sock_connect(sock, (address.host, address.port))
        reader = KeepingReader(limit=receive_buffer or HEAD_LIMIT)
        protocol = asyncio.StreamReaderProtocol(reader)
        host = address.host if address.tls else None
        transport, _ = await loop.create_connection(
            lambda: protocol, sock=sock, ssl=address.context, server_hostname=host
        )
        return reader, asyncio.StreamWriter(transport, protocol, reader, loop)
    except OSError as error:
        sock.close()
        raise Failed(f"nobody answers at {address.authority}: {error}") from error
