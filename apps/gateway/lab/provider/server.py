"""The provider's HTTP server: connections, paths, and what it tells about what it saw."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator

from apps.gateway.lab.marker import find_marker
from apps.gateway.lab.provider.dialects.content import dumped
from apps.gateway.lab.provider.faults import fault_of
from apps.gateway.lab.provider.faults.call import Call
from apps.gateway.lab.provider.ledger import Ledger, Seen
from apps.gateway.lab.provider.reading import HEAD_BYTES, Asked, read_request
from apps.gateway.lab.provider.wire import Wire

log = logging.getLogger(__name__)

DEFAULT_PORT = 8799
# What a path ends with -> the dialect that is spoken there; the longer one first.
PATHS = {
    "/chat/completions": "chat",
    "/completions": "completions",
    "/embeddings": "embeddings",
    "/messages": "messages",
    "/responses": "responses",
}
MODEL = {"id": "lab-1", "object": "model", "created": 1_770_000_000, "owned_by": "lab"}


class WatchedReader(asyncio.StreamReader):
    """A reader that tells when the other side has hung up, also while nobody reads."""

    def __init__(self) -> None:
        super().__init__(limit=HEAD_BYTES)
        self.gone = asyncio.Event()

    def feed_eof(self) -> None:
        super().feed_eof()
        self.gone.set()

    def set_exception(self, exc: BaseException) -> None:
        super().set_exception(exc)  # type: ignore[arg-type]
        self.gone.set()


class Provider:
    """url: without a path; OpenAI's dialects stand under /v1, and under any other first part of the path."""

    def __init__(self, host: str) -> None:
        self.host, self.port = host, 0
        self.ledger = Ledger()
        self._connections = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    async def start(self, port: int) -> None:
        """OSError when the port is taken; 0 takes a free one."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._protocol, self.host, port, backlog=512)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _protocol(self) -> asyncio.StreamReaderProtocol:
        reader = WatchedReader()
        return asyncio.StreamReaderProtocol(reader, lambda _, writer: self._connected(reader, writer))

    def _connected(self, reader: WatchedReader, writer: asyncio.StreamWriter) -> None:
        self._connections += 1
        task = asyncio.create_task(self._serve(self._connections, reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, connection: int, reader: WatchedReader, writer: asyncio.StreamWriter) -> None:
        try:
            while (asked := await read_request(reader)) is not None:
                if not await self._exchange(connection, asked, reader, writer):
                    return
        except ConnectionError:
            return
        except Exception:
            log.exception("The lab's provider could not answer.")
        finally:
            writer.close()

    async def _exchange(
        self, connection: int, asked: Asked, reader: WatchedReader, writer: asyncio.StreamWriter
    ) -> bool:
        """Answer one request; whether the connection can carry another."""
        if asked.path.startswith("/_lab/"):
            await self._tell(Wire(writer, Seen(0, asked)), asked.path)
            return True
        marker = find_marker(asked.body)
        seen = self.ledger.note(marker.nonce, asked)
        seen.connection, seen.fault = connection, marker.fault
        wire = Wire(writer, seen)
        answering = asyncio.ensure_future(self._answer(call_of(self.ledger, wire, seen), wire, asked))
        await _until_done_or_gone(answering, reader, seen)
        return seen.finished and not wire.closed

    async def _answer(self, call: Call | None, wire: Wire, asked: Asked) -> None:
        path = asked.path.partition("?")[0]
        if call is not None and asked.method == "POST":
            await fault_of(call)(call)
        elif path.endswith("/messages/count_tokens"):
            await wire.answer(200, dumped({"input_tokens": len(asked.body)}).encode())
        elif path.endswith("/models"):
            await wire.answer(200, dumped({"object": "list", "data": [MODEL]}).encode())
        else:
            await wire.answer(404, b'{"error":{"message":"The lab has nothing here.","type":"lab_error"}}')

    async def _tell(self, wire: Wire, path: str) -> None:
        """`/_lab/requests/{nonce}` says what came, `/_lab/open/{nonce}` lets a waiting answer go on."""
        _, _, what, nonce = [*path.split("/", 3), ""][:4]
        if what == "open":
            self.ledger.gate(nonce).release()
        await wire.answer(200, dumped(self.ledger.described(nonce)).encode())


def call_of(ledger: Ledger, wire: Wire, seen: Seen) -> Call | None:
    """None where the path is none at which a model answers."""
    path = seen.asked.path.partition("?")[0]
    dialect = next((dialect for end, dialect in PATHS.items() if path.endswith(end)), None)
    return Call.of(find_marker(seen.asked.body), dialect, wire, seen, ledger) if dialect else None


async def _until_done_or_gone(answering: "asyncio.Future[None]", reader: WatchedReader, seen: Seen) -> None:
    """The answer goes on until it is complete or the other side hangs up, whichever comes first."""
    gone = asyncio.create_task(reader.gone.wait())
    try:
        await asyncio.wait((answering, gone), return_when=asyncio.FIRST_COMPLETED)
        if not answering.done():
            seen.closed_early = True
            return
        answering.result()
        seen.finished = True
    except ConnectionError:
        seen.closed_early = True
    finally:
        gone.cancel()
        answering.cancel()


@contextlib.asynccontextmanager
async def serve(host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[Provider]:
    """A provider that runs until the block ends; OSError when the port is taken."""
    provider = Provider(host)
    await provider.start(port)
    try:
        yield provider
    finally:
        await provider.stop()
