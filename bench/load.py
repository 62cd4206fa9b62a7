"""A load generator that costs less than what it measures: raw keep-alive connections, answers searched, not parsed."""

import asyncio
import json
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import cast
from urllib.parse import urlsplit


@dataclass
class Load:
    """What a run saw. seconds: from the request's last byte to the answer's last; first: to the first content."""

    requests: int = 0
    failed: int = 0
    seconds: list[float] = field(default_factory=list)
    first: list[float] = field(default_factory=list)
    sample_of_failure: bytes = b""

    def percentile(self, share: float, of: str = "seconds") -> float:
        """Milliseconds at the share (0.5, 0.99) of the sorted values; 0.0 when there are none."""
        values = sorted(getattr(self, of))
        return values[min(len(values) - 1, int(len(values) * share))] * 1000 if values else 0.0


def request_bytes(url: str, key: str, model: str, stream: bool, headers: Mapping[str, str]) -> bytes:
    parts = urlsplit(url)
    body = json.dumps(
        {
            "model": model,
            "messages": [
                {"role": "system", "content": "You work at the support desk of a chandlery."},
                {"role": "user", "content": "How do I store a mooring line over winter?"},
            ],
            "temperature": 0.2,
            "max_tokens": 64,
            **({"stream": True, "stream_options": {"include_usage": True}} if stream else {}),
        }
    ).encode()
    head = (
        f"POST {parts.path} HTTP/1.1\r\nhost: {parts.netloc}\r\nauthorization: Bearer {key}\r\n"
        f"content-type: application/json\r\ncontent-length: {len(body)}\r\n"
        + "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        + "\r\n"
    )
    return head.encode() + body


class Caller(asyncio.Protocol):
    """One connection that asks again as soon as it has been answered."""

    def __init__(self, run: "Run") -> None:
        self.run = run
        self.received = bytearray()
        self.started = self.first = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.ask()

    def ask(self) -> None:
        if time.perf_counter() >= self.run.until:
            self.transport.close()
            return
        self.received.clear()
        self.first = 0.0
        self.started = time.perf_counter()
        self.transport.write(self.run.request)

    def data_received(self, data: bytes) -> None:
        self.received += data
        if not self.first and self.run.content in self.received:
            self.first = time.perf_counter()
        if self.complete():
            self.finish(time.perf_counter())

    def complete(self) -> bool:
        if self.received.endswith(b"0\r\n\r\n"):
            return True
        head, separator, _ = bytes(self.received[:4096]).partition(b"\r\n\r\n")
        _, found, length = head.lower().partition(b"content-length:")
        return bool(separator and found) and len(self.received) >= len(head) + 4 + int(length.split(b"\r\n")[0])

    def finish(self, now: float) -> None:
        load = self.run.load
        if self.received[9:12] == b"200" and self.received.count(self.run.content) >= self.run.at_least:
            load.requests += 1
            load.seconds.append(now - self.started)
            load.first.append(self.first - self.started)
        else:
            load.failed += 1
            load.sample_of_failure = bytes(self.received[:400])
        self.ask()

    def connection_lost(self, exc: Exception | None) -> None:
        self.run.closed += 1
        if self.run.closed == self.run.connections:
            self.run.over.set()


class Run:
    def __init__(self, url: str, request: bytes, *, stream: bool, connections: int, seconds: float) -> None:
        self.url, self.request, self.connections = urlsplit(url), request, connections
        self.content, self.at_least = (b" word", 50) if stream else (b'"content":', 1)
        self.load, self.closed, self.over = Load(), 0, asyncio.Event()
        self.until = time.perf_counter() + seconds

    async def drive(self) -> Load:
        loop = asyncio.get_running_loop()
        for _ in range(self.connections):
            await loop.create_connection(lambda: Caller(self), self.url.hostname, self.url.port)
        await self.over.wait()
        return self.load


async def load(
    url: str,
    *,
    key: str,
    model: str,
    stream: bool,
    connections: int,
    seconds: float,
    headers: Mapping[str, str] | None = None,
) -> Load:
    """Ask `url` over `connections` kept connections for so many seconds."""
    request = request_bytes(url, key, model, stream, headers or {})
    return await Run(url, request, stream=stream, connections=connections, seconds=seconds).drive()
