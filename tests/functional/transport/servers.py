"""Servers that speak to a socket by hand, so that they can misbehave in every way a real one might."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from apps.serving.transport import Target

Script = Callable[["Peer"], Awaitable[None]]


@dataclass
class Received:
    head: bytes
    body: bytes

    @property
    def line(self) -> bytes:
        return self.head.split(b"\r\n", 1)[0]


@dataclass
class Peer:
    """One accepted connection, seen from the server."""

    number: int
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    server: "Server"

    async def request(self) -> Received:
        """The next request; asyncio.IncompleteReadError when the client has gone."""
        head = await self.reader.readuntil(b"\r\n\r\n")
        length = 0
        for line in head.split(b"\r\n"):
            if line.lower().startswith(b"content-length:"):
                length = int(line.partition(b":")[2])
        received = Received(head, await self.reader.readexactly(length))
        self.server.received.append(received)
        return received

    async def send(self, data: bytes) -> None:
        if self.writer.transport.is_closing():
            raise ConnectionResetError
        self.writer.write(data)
        await self.writer.drain()

    async def reply(self, body: bytes = b"ok", head: bytes = b"") -> None:
        await self.send(b"HTTP/1.1 200 OK\r\n%bcontent-length: %d\r\n\r\n%b" % (head, len(body), body))

    async def gone(self) -> None:
        """Returns when the client has closed the connection, and says so on `server.hung_up`."""
        with contextlib.suppress(ConnectionError):
            while await self.reader.read(65536):
                continue
        self.server.hung_up.set()


@dataclass
class Server:
    target: Target
    received: list[Received] = field(default_factory=list)
    accepted: int = 0
    hung_up: asyncio.Event = field(default_factory=asyncio.Event)


@asynccontextmanager
async def serving(
    script: Script, *, tls: ssl.SSLContext | None = None, unix: str | None = None
) -> AsyncIterator[Server]:
    """A server that runs `script` for every connection and closes it afterwards."""
    server = Server(Target.unix(unix) if unix else Target("", ""))

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server.accepted += 1
        peer = Peer(server.accepted, reader, writer, server)
        try:
            with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
                await script(peer)
        finally:
            writer.transport.abort() if writer.transport.is_closing() else writer.close()

    if unix:
        listening = await asyncio.start_unix_server(accept, unix)
    else:
        listening = await asyncio.start_server(accept, "127.0.0.1", 0, ssl=tls)
        port = listening.sockets[0].getsockname()[1]
        server.target = Target("https" if tls else "http", "127.0.0.1", port, allow_private=True)
    try:
        yield server
    finally:
        listening.close()


async def until(condition: Callable[[], bool], within: float = 10.0) -> None:
    """Lets the loop turn until the condition holds; TimeoutError after `within` seconds."""
    async with asyncio.timeout(within):
        while not condition():
            await asyncio.sleep(0.005)
