"""A model provider that speaks HTTP for real and misbehaves on request."""

import asyncio
import base64
import contextlib
import json
import struct
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

CREATED = 1_770_000_000
EMBEDDING_USAGE = {"prompt_tokens": 7, "total_tokens": 7}
USAGE = {"prompt_tokens": 24, "completion_tokens": 10, "total_tokens": 34}


@dataclass
class Asked:
    """One request as the provider saw it."""

    method: str
    path: str
    headers: dict[str, str]
    raw: bytes
    hung_up: threading.Event = field(default_factory=threading.Event)
    progress: float = field(default_factory=time.monotonic)  # when an endless stream last got rid of an event

    @property
    def body(self) -> dict[str, Any]:
        return json.loads(self.raw) if self.raw else {}


Behaviour = Callable[[Asked, asyncio.StreamWriter], Awaitable[None]]


class MockProvider:
    """Listens on a port of its own thread. `behave` sets what a model does; the others answer sensibly."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.port = 0
        self._behaviours: dict[str, Behaviour] = {}
        self._ready = threading.Event()
        self._tasks: set[asyncio.Task[Any]] = set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def behave(self, model: str, behaviour: Behaviour) -> None:
        self._behaviours[model] = behaviour

    def asked_for(self, model: str) -> list[Asked]:
        return [asked for asked in self.asked if asked.body.get("model") == model]

    def start(self) -> None:
        """Again after `stop`, at the same address."""
        self._loop = asyncio.new_event_loop()
        self._ready.clear()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        self._ready.wait(10)

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(asyncio.start_server(self._accept, "127.0.0.1", self.port))
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        self._loop.run_forever()
        server.close()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*asyncio.all_tasks(self._loop), return_exceptions=True))
        self._loop.close()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            while (asked := await _read_request(reader)) is not None:
                self.asked.append(asked)
                await self._answer(asked, reader, writer)
        writer.close()

    async def _answer(self, asked: Asked, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        behaviour = self._behaviours.get(asked.body.get("model", ""), well_behaved)
        answering = asyncio.create_task(behaviour(asked, writer))
        while not answering.done():
            await asyncio.wait({answering}, timeout=0.01)
            if reader.at_eof() or reader.exception() is not None:
                asked.hung_up.set()
                answering.cancel()
        await asyncio.gather(answering, return_exceptions=True)
        if answering.cancelled() or answering.exception():
            raise ConnectionError


async def _read_request(reader: asyncio.StreamReader) -> Asked | None:
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    except asyncio.IncompleteReadError:
        return None
    line, *lines = head.strip().split("\r\n")
    method, path, _ = line.split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (entry.partition(":") for entry in lines)}
    raw = await reader.readexactly(int(headers.get("content-length", 0)))
    return Asked(method, path, headers, raw)


# --- behaviours -------------------------------------------------------------------------------------------------


async def well_behaved(asked: Asked, writer: asyncio.StreamWriter) -> None:
    if asked.path.endswith("/embeddings"):
        return await embeds()(asked, writer)
    return await (streams() if asked.body.get("stream") else answers())(asked, writer)


def answers(
    content: str = "Ahoy there.", *, usage: dict[str, Any] | None = USAGE, model: str | None = None
) -> Behaviour:
    async def behaviour(asked: Asked, writer: asyncio.StreamWriter) -> None:
        message = {"role": "assistant", "content": content}
        body = {
            "id": "chatcmpl-mock-1",
            "object": "chat.completion",
            "created": CREATED,
            "model": model or f"{asked.body['model']}-2026-01",
            "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        }
        if usage:
            body["usage"] = usage
        await _send(writer, 200, body)

    return behaviour


def embeds(usage: dict[str, Any] | None = EMBEDDING_USAGE) -> Behaviour:
    """Vectors of two numbers: how long a text is and which one it was."""

    async def behaviour(asked: Asked, writer: asyncio.StreamWriter) -> None:
        given = asked.body["input"]
        vectors = [
            [float(len(text) if isinstance(text, str | list) else 1), float(at)]
            for at, text in enumerate([given] if isinstance(given, str) else given)
        ]
        packed = asked.body.get("encoding_format") == "base64"
        shown = [base64.b64encode(struct.pack("<2f", *vector)).decode() if packed else vector for vector in vectors]
        data = [{"object": "embedding", "index": at, "embedding": vector} for at, vector in enumerate(shown)]
        body = {"object": "list", "model": asked.body["model"], "data": data}
        await _send(writer, 200, body | ({"usage": usage} if usage else {}))

    return behaviour


def fails(status: int, body: Any, headers: dict[str, str] | None = None) -> Behaviour:
    async def behaviour(asked: Asked, writer: asyncio.StreamWriter) -> None:
        await _send(writer, status, body, headers)

    return behaviour


def hangs() -> Behaviour:
    async def behaviour(asked: Asked, writer: asyncio.StreamWriter) -> None:
        await asyncio.Event().wait()

    return behaviour


def answers_after(seconds: float) -> Behaviour:
    async def behaviour(asked: Asked, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(seconds)
        await well_behaved(asked, writer)

    return behaviour


def streams(
    pieces: tuple[str, ...] = ("Ahoy", " there", "."),
    *,
    pause: float = 0.0,
    end: Callable[[asyncio.StreamWriter], Awaitable[None]] | None = None,
) -> Behaviour:
    """Chunks, then `end` instead of the usual finish, usage (where asked for) and [DONE]."""

    async def behaviour(asked: Asked, writer: asyncio.StreamWriter) -> None:
        await open_stream(writer)
        await event(writer, chunk(asked, {"role": "assistant", "content": ""}))
        for piece in pieces:
            await asyncio.sleep(pause)
            await event(writer, chunk(asked, {"content": piece}))
        if end is not None:
            return await end(writer)
        await event(writer, chunk(asked, {}, finish="stop"))
        if asked.body.get("stream_options", {}).get("include_usage"):
            await event(writer, chunk(asked, None, usage=USAGE))
        await event(writer, "[DONE]")
        return await close_stream(writer)

    return behaviour


def streams_endlessly(piece: str = "word ", pause: float = 0.01) -> Behaviour:
    async def behaviour(asked: Asked, writer: asyncio.StreamWriter) -> None:
        await open_stream(writer)
        await event(writer, chunk(asked, {"role": "assistant", "content": ""}))
        while True:
            await event(writer, chunk(asked, {"content": piece}))
            asked.progress = time.monotonic()
            await asyncio.sleep(pause)

    return behaviour


def streams_error_first(error: dict[str, Any]) -> Behaviour:
    async def behaviour(asked: Asked, writer: asyncio.StreamWriter) -> None:
        await open_stream(writer)
        await event(writer, {"error": error})
        await close_stream(writer)

    return behaviour


async def then_error(writer: asyncio.StreamWriter) -> None:
    await event(writer, {"error": {"message": "The model fell over.", "type": "server_error", "code": "overloaded"}})
    await close_stream(writer)


async def then_cut(writer: asyncio.StreamWriter) -> None:
    """The connection goes down in the middle of the body."""
    writer.transport.abort()


async def then_end(writer: asyncio.StreamWriter) -> None:
    """The body ends in an orderly way, but without finish reason and [DONE]."""
    await close_stream(writer)


def chunk(asked: Asked, delta: dict[str, Any] | None, *, finish: str | None = None, **more: Any) -> dict[str, Any]:
    choices = [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": finish}]
    name = f"{asked.body['model']}-2026-01"
    head = {"id": "chatcmpl-mock-2", "object": "chat.completion.chunk", "created": CREATED, "model": name}
    return {**head, "choices": choices, **more}


async def open_stream(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n")
    await writer.drain()


async def event(writer: asyncio.StreamWriter, data: Any) -> None:
    text = data if isinstance(data, str) else json.dumps(data, separators=(",", ":"))
    raw = f"data: {text}\n\n".encode()
    writer.write(b"%x\r\n%b\r\n" % (len(raw), raw))
    await writer.drain()


async def close_stream(writer: asyncio.StreamWriter) -> None:
    writer.write(b"0\r\n\r\n")
    await writer.drain()


async def _send(writer: asyncio.StreamWriter, status: int, body: Any, headers: dict[str, str] | None = None) -> None:
    raw = body.encode() if isinstance(body, str) else json.dumps(body, separators=(",", ":")).encode()
    lines = [f"HTTP/1.1 {status} Status", "content-type: application/json", f"content-length: {len(raw)}"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + raw)
    await writer.drain()


@contextlib.contextmanager
def mock_provider() -> Iterator[MockProvider]:
    provider = MockProvider()
    provider.start()
    try:
        yield provider
    finally:
        provider.stop()
