"""Answers that let one wait."""

import asyncio

from apps.gateway.lab.provider.dialects.content import Frame
from apps.gateway.lab.provider.faults.call import Call


async def slow(call: Call) -> None:
    """Nothing at all until the word comes."""
    await call.wait()
    await call.answer()


async def stall(call: Call) -> None:
    """`after` events (of a whole answer: half of it), then nothing until the word comes."""
    if not call.streams:
        await _halting(call)
        return
    frames, after = call.frames(), call.marker.number("after", 3)
    await call.open_stream()
    await call.play(frames[:after])
    await call.wait()
    await call.play(frames[after:])
    await call.wire.end()


async def lockstep(call: Call) -> None:
    """Each event after the first waits for a word of its own."""
    await call.open_stream()
    for frame in call.frames():
        await call.play([frame])
        await call.wait()
    await call.wire.end()


async def drip(call: Call) -> None:
    """An answer that never ends, a piece every `ms`."""
    opening, *rest = call.frames()
    await call.open_stream()
    await call.play([opening])
    piece: Frame = rest[0]
    while True:
        await asyncio.sleep(call.marker.number("ms", 50) / 1000)
        await call.play([piece])


async def _halting(call: Call) -> None:
    body = call.json()
    await call.wire.head(200, (("content-type", "application/json"), ("content-length", str(len(body)))))
    await call.wire.raw(body[: len(body) // 2])
    await call.wait()
    await call.wire.raw(body[len(body) // 2 :])


FAULTS = {"slow": slow, "stall": stall, "lockstep": lockstep, "drip": drip}
