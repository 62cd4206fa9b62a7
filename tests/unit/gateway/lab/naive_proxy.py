"""Bad gateways: as they are written on a first afternoon, and three with one bad habit each."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import replace

from apps.gateway.lab.marker import find_marker
from apps.gateway.lab.provider.reading import Asked, read_request

HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: %b\r\nconnection: close\r\n\r\n"


LAST_CHUNK = b"0\r\n\r\n"


class NaiveProxy:
    """Knows no keys, decodes what it reads by itself, sees only lines of `data: `, and always ends well."""

    def __init__(self, upstream_port: int) -> None:
        self.upstream_port = upstream_port
        self.tasks: set[asyncio.Task[None]] = set()

    def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.tasks.add(asyncio.create_task(self.serve(reader, writer)))

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Whatever goes wrong just ends the connection."""
        with contextlib.suppress(Exception), contextlib.closing(writer):
            if (asked := await read_request(reader)) is not None:
                await self.answer(asked, writer)
                await writer.drain()

    async def answer(self, asked: Asked, writer: asyncio.StreamWriter) -> None:
        upstream, upwriter = await asyncio.open_connection("127.0.0.1", self.upstream_port)
        with contextlib.closing(upwriter):
            upwriter.write(raw_request(asked))
            if b'"stream": true' in asked.body:
                await self.stream(upstream, writer)
            else:
                await self.whole(upstream, writer)

    async def whole(self, upstream: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Whatever comes is a success."""
        head = await upstream.readuntil(b"\r\n\r\n")
        length = int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0] or 0)
        writer.write(HEAD % b"application/json" + await upstream.read(length))

    async def stream(self, upstream: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Event by event, each with an id of its own."""
        writer.write(HEAD % b"text/event-stream")
        with contextlib.suppress(ConnectionError):
            while piece := await upstream.read(65536):
                for line in piece.decode("utf-8", "replace").split("\n"):
                    self.event(line, writer)
                if piece.endswith(LAST_CHUNK) or b"[DONE]" in piece:
                    break
        writer.write(b"data: [DONE]\n\n")

    def event(self, line: str, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ValueError, TypeError):
            chunk = dict(json.loads(line.removeprefix("data: ")))
            writer.write(b"data: %b\n\n" % json.dumps({**chunk, "id": f"chunk-{id(chunk)}"}).encode())


class Shovel(NaiveProxy):
    """Copies bytes in both directions, and hangs up where the other side does."""

    async def answer(self, asked: Asked, writer: asyncio.StreamWriter) -> None:
        upstream, upwriter = await asyncio.open_connection("127.0.0.1", self.upstream_port)
        with contextlib.closing(upwriter):
            upwriter.write(raw_request(asked))
            while piece := await upstream.read(65536):
                writer.write(piece)
                await writer.drain()


class Lossy(NaiveProxy):
    """Passes on what it has heard of, and thinks that everything is one text."""

    async def answer(self, asked: Asked, writer: asyncio.StreamWriter) -> None:
        members = json.loads(asked.body)
        known = {name: members[name] for name in ("model", "messages", "prompt", "input", "stream") if name in members}
        known["max_tokens"] = 10
        if "messages" in known:
            known["messages"] = [{"role": "user", "content": str(find_marker(asked.body))}]
        await super().answer(replace(asked, body=json.dumps(known).encode()), writer)

    async def whole(self, upstream: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await upstream.readuntil(b"\r\n\r\n")
        writer.write(HEAD % b"application/json" + json.dumps({"choices": [], "text": "Ahoy"}).encode())

    def event(self, line: str, writer: asyncio.StreamWriter) -> None:
        if line.startswith("data: {"):
            delta = {"content": "Ahoy", "role": "assistant", "tool_calls": [{"index": 0}]}
            writer.write(b"data: %b\r\n\r\n" % json.dumps({"choices": [{"index": 0, "delta": delta}]}).encode())


class Eager(NaiveProxy):
    """Asks four times, and answers from a cache that looks at nothing but the nonce."""

    def __init__(self, upstream_port: int) -> None:
        super().__init__(upstream_port)
        self.answered: dict[str, bytes] = {}

    async def answer(self, asked: Asked, writer: asyncio.StreamWriter) -> None:
        nonce = find_marker(asked.body).nonce
        for _ in range(4):
            self.answered.setdefault(nonce, await self.ask(asked))
        writer.write(self.answered[nonce])

    async def ask(self, asked: Asked) -> bytes:
        upstream, upwriter = await asyncio.open_connection("127.0.0.1", self.upstream_port)
        with contextlib.closing(upwriter):
            upwriter.write(raw_request(asked))
            head = await upstream.readuntil(b"\r\n\r\n")
            length = int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0] or 0)
            return head + (await upstream.read(length) if length else await upstream.readuntil(LAST_CHUNK))


def raw_request(asked: Asked) -> bytes:
    """With all the headers that came."""
    kept = [(name, value) for name, value in asked.headers if name not in {"content-length", "transfer-encoding"}]
    lines = [f"{asked.method} {asked.path} HTTP/1.1", *(f"{name}: {value}" for name, value in kept)]
    return "\r\n".join([*lines, f"content-length: {len(asked.body)}", "", ""]).encode("latin-1") + asked.body


@contextlib.asynccontextmanager
async def standing(proxy: NaiveProxy) -> AsyncIterator[int]:
    """Its port."""
    server = await asyncio.start_server(proxy.connected, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in proxy.tasks:
            task.cancel()
        await asyncio.gather(*proxy.tasks, return_exceptions=True)
