"""Reading a request off the wire."""

import asyncio
from dataclasses import dataclass

Headers = list[tuple[str, str]]
HEAD_BYTES = 256 * 1024


@dataclass(frozen=True)
class Asked:
    """Header names are in lower case, in the order and number in which they came."""

    method: str
    path: str
    headers: Headers
    body: bytes

    def header(self, name: str) -> str:
        return next((value for found, value in self.headers if found == name), "")


async def read_request(reader: asyncio.StreamReader) -> Asked | None:
    """The next request of a connection; None when there is none any more. ValueError for what is no HTTP."""
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        line, *lines = head.strip().split("\r\n")
        method, path, _ = line.split(" ")
        pairs = (entry.partition(":") for entry in lines)
        headers = [(name.strip().lower(), value.strip()) for name, _, value in pairs]
        return Asked(method, path, headers, await _body(reader, dict(headers)))
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError):
        return None


async def _body(reader: asyncio.StreamReader, headers: dict[str, str]) -> bytes:
    if "chunked" not in headers.get("transfer-encoding", "").lower():
        return await reader.readexactly(int(headers.get("content-length", 0)))
    pieces = []
    while size := int((await reader.readuntil(b"\r\n")).split(b";")[0], 16):
        pieces.append(await reader.readexactly(size))
        await reader.readexactly(2)
    while await reader.readuntil(b"\r\n") != b"\r\n":
        continue
    return b"".join(pieces)
