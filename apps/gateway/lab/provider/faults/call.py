"""One request on its way to an answer, with what every fault needs to give it."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from apps.gateway.lab.marker import Marker
from apps.gateway.lab.provider.dialects import chat, completions, embeddings, messages, responses
from apps.gateway.lab.provider.dialects.content import Content, Frame, content_of, dumped
from apps.gateway.lab.provider.ledger import Ledger, Seen
from apps.gateway.lab.provider.wire import CHUNKED, SSE, Wire

BODIES: dict[str, Callable[[Content], dict[str, Any]]] = {
    "chat": chat.body,
    "completions": completions.body,
    "embeddings": embeddings.body,
    "messages": messages.body,
    "responses": responses.body,
}
STREAMS: dict[str, Callable[[Content], list[Frame]]] = {
    "chat": chat.frames,
    "completions": completions.frames,
    "messages": messages.frames,
    "responses": responses.frames,
}


def written(frame: Frame) -> bytes:
    """An event as providers usually write it."""
    event = f"event: {frame.event}\n" if frame.event else ""
    return f"{event}data: {frame.data}\n\n".encode()


@dataclass
class Call:
    """number: how often this nonce has been asked, this time included."""

    marker: Marker
    dialect: str
    wire: Wire
    seen: Seen
    ledger: Ledger
    number: int
    content: Content

    @classmethod
    def of(cls, marker: Marker, dialect: str, wire: Wire, seen: Seen, ledger: Ledger) -> "Call":
        number = ledger.calls(marker.nonce)
        content = content_of(seen.asked, marker, seen.number)
        seen.input_tokens = content.usage.input if content.usage else 0
        return cls(marker, dialect, wire, seen, ledger, number, content)

    @property
    def streams(self) -> bool:
        return self.content.wants("stream") is True and self.dialect in STREAMS

    def frames(self) -> list[Frame]:
        return STREAMS[self.dialect](self.content)

    def json(self) -> bytes:
        return dumped(BODIES[self.dialect](self.content)).encode()

    async def open_stream(self) -> None:
        await self.wire.head(200, (SSE, CHUNKED))

    async def play(self, frames: Iterable[Frame]) -> None:
        """Send events one by one. Whoever stops in the middle has been billed for what was sent."""
        for frame in frames:
            await self.wire.body(written(frame))
            self.seen.output_tokens += 1

    async def answer(self) -> None:
        """The good answer, from its head to its end."""
        if self.streams:
            await self.open_stream()
            await self.play(self.frames())
            await self.wire.end()
        else:
            await self.wire.answer(200, self.json())
        self.seen.output_tokens = self.content.usage.output if self.content.usage else 0

    async def wait(self) -> None:
        """Until a word comes (`/_lab/open/{nonce}`), or for the option `ms`."""
        if milliseconds := self.marker.number("ms"):
            await asyncio.sleep(milliseconds / 1000)
        else:
            await self.ledger.gate(self.marker.nonce).acquire()
