"""Asking the lab's provider over a socket, and seeing every byte of what it answers."""

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from apps.gateway.lab.provider import serve
from apps.gateway.lab.provider.server import Provider
from llmkit.sse import Parser

PATHS = {"chat": "chat/completions", "messages": "messages", "responses": "responses", "completions": "completions"}


@dataclass
class Wire:
    """head: of the answer. pieces: chunks of a chunked body, as they were framed. ended: with the last chunk."""

    head: str
    body: bytes
    pieces: list[bytes]
    ended: bool
    was_reset: bool
    seen: dict[str, Any]

    @property
    def status(self) -> int:
        return int(self.head.split(" ")[1])

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def events(self) -> list[Any]:
        return [event.text for event in Parser(1 << 26).feed(self.body)]


def ask(marker: str, **options: Any) -> Wire:
    """One request to a provider of its own, and what it answers; the options of `asking`."""
    return in_lab(lambda provider: asking(provider, marker, **options))


def in_lab(step: Callable[[Provider], Awaitable[Any]]) -> Any:
    async def main() -> Any:
        async with serve() as provider:
            return await step(provider)

    return asyncio.run(main())


def request(marker: str, *, dialect: str = "chat", prefix: str = "/v1", **members: Any) -> bytes:
    asked = {"input": marker} if dialect == "responses" else {"messages": [{"role": "user", "content": marker}]}
    asked = {"prompt": marker} if dialect == "completions" else asked
    asked |= {"max_tokens": 9} if dialect == "messages" else {}
    body = json.dumps({"model": "lab", **asked, **members}).encode()
    return b"POST %b/%b HTTP/1.1\r\ncontent-length: %d\r\n\r\n%b" % (
        prefix.encode(),
        PATHS[dialect].encode(),
        len(body),
        body,
    )


async def asking(provider: Provider, marker: str, *, stands_still: bool = False, **options: Any) -> Wire:
    """`stands_still`: an answer that is expected to stop in its middle; silence is then taken for that."""
    reader, writer = await asyncio.open_connection(provider.host, provider.port)
    raw, was_reset = b"", False
    try:
        writer.write(request(marker, **options))
        with contextlib.suppress(TimeoutError):
            while not _complete(raw) and (
                piece := await asyncio.wait_for(reader.read(1 << 20), _patience(stands_still))
            ):
                raw += piece
    except ConnectionResetError:
        was_reset = True
    finally:
        writer.close()
    nonce = marker.partition("n=")[2].partition("&")[0]
    return _taken_apart(raw, was_reset, provider.ledger.described(nonce))


def _patience(stands_still: bool) -> float:
    return 0.5 if stands_still else 20.0


def _complete(raw: bytes) -> bool:
    head, end, rest = raw.partition(b"\r\n\r\n")
    if b"transfer-encoding: chunked" in head:
        return rest.endswith(b"\r\n0\r\n\r\n")
    length = head.partition(b"content-length: ")[2].partition(b"\r\n")[0]
    return bool(end) and length.isdigit() and len(rest) >= int(length)


def _taken_apart(raw: bytes, was_reset: bool, seen: dict[str, Any]) -> Wire:
    head, _, rest = raw.partition(b"\r\n\r\n")
    if b"transfer-encoding: chunked" not in head:
        return Wire(head.decode("latin-1"), rest, [], not was_reset, was_reset, seen)
    pieces, ended = [], False
    while rest and not ended:
        size, _, rest = rest.partition(b"\r\n")
        piece, rest = rest[: int(size, 16)], rest[int(size, 16) + 2 :]
        ended = not piece
        pieces += [piece] if piece else []
    return Wire(head.decode("latin-1"), b"".join(pieces), pieces, ended, was_reset, seen)
