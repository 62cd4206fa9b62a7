"""Answers of unusual size, coding, headers or figures."""

import gzip
import json
import zlib

from apps.gateway.lab.provider.dialects.content import Frame, dumped
from apps.gateway.lab.provider.faults.call import Call, written
from apps.gateway.lab.provider.wire import CHUNKED, JSON, SSE, Header

MEGABYTE = 1024 * 1024
PADDING = "x" * 16 * 1024
NONSENSE = {"prompt_tokens": -7, "completion_tokens": "many", "total_tokens": 1e308, "prompt_tokens_details": [None]}
HOSTILE: tuple[Header, ...] = (
    ("connection", "keep-alive, x-lab-hop"),
    ("x-lab-hop", "for the next hop only"),
    ("set-cookie", "lab=provider; Path=/"),
    ("set-cookie", "lab=again; Path=/"),
    ("x-request-id", "\xff\xfe not ascii"),
    ("x-request-id", "a second one"),
    ("x-ratelimit-remaining-requests", "lab-provider"),
    ("x-ratelimit-limit-requests", "lab-provider"),
    ("x-lab-long", "x" * 4000),
    ("server", "lab-provider"),
)


async def gzipped(call: Call) -> None:
    """Compressed whether or not anyone asked for it; a stream is flushed after each event."""
    packed: Header = ("content-encoding", "gzip")
    if not call.streams:
        await call.wire.answer(200, gzip.compress(call.json()), (JSON, packed))
        return
    coder = zlib.compressobj(wbits=31)
    await call.wire.head(200, (SSE, packed, CHUNKED))
    for frame in call.frames():
        await call.wire.body(coder.compress(written(frame)) + coder.flush(zlib.Z_SYNC_FLUSH))
    await call.wire.body(coder.flush())
    await call.wire.end()


async def huge_body(call: Call) -> None:
    """A good answer with a member of `mb` megabytes that nobody asked for."""
    body = json.loads(call.json())
    body["lab_padding"] = "x" * (call.marker.number("mb", 4) * MEGABYTE)
    await call.wire.answer(200, dumped(body).encode())


async def flood(call: Call) -> None:
    """`mb` megabytes of events, numbered in their text, as fast as the other side takes them."""
    opening, first, *rest = call.frames()
    await call.open_stream()
    await call.play([opening])
    for number in range(call.marker.number("mb", 32) * 64):
        await call.play([Frame(first.data.replace("Ahoy ", f"{number}:{PADDING} "), first.event)])
    await call.play(rest[-2:])
    await call.wire.end()


async def fickle(call: Call) -> None:
    """A good answer on a connection that is then closed, although it was to be kept."""
    await call.answer()
    call.wire.close()


async def hostile_headers(call: Call) -> None:
    """Doubled, forged and unreadable headers around a good answer."""
    if not call.streams:
        await call.wire.answer(200, call.json(), (JSON, *HOSTILE))
        return
    await call.wire.head(200, (SSE, CHUNKED, *HOSTILE))
    await call.play(call.frames())
    await call.wire.end()


async def bad_usage(call: Call) -> None:
    """Token counts that are no counts."""
    if not call.streams:
        await call.wire.answer(200, dumped({**json.loads(call.json()), "usage": NONSENSE}).encode())
        return
    await call.open_stream()
    await call.play(_with_bad_usage(frame) for frame in call.frames())
    await call.wire.end()


def _with_bad_usage(frame: Frame) -> Frame:
    if '"usage":{' not in frame.data:
        return frame
    return frame._replace(data=dumped({**json.loads(frame.data), "usage": NONSENSE}))


FAULTS = {
    "gzip": gzipped,
    "huge-body": huge_body,
    "flood": flood,
    "fickle": fickle,
    "hostile-headers": hostile_headers,
    "bad-usage": bad_usage,
}
