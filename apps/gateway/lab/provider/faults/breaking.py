"""Answers that end too early, or not at all."""

from collections.abc import Awaitable, Callable

from apps.gateway.lab.provider.faults.call import Call, written
from apps.gateway.lab.provider.wire import JSON, SSE

HTML = b"<!doctype html><html><head><title>Bad gateway</title></head><body><h1>Bad gateway</h1></body></html>"


async def reset(call: Call) -> None:
    """A TCP reset `at` the head, the start, an event's end, its middle, or after the last event."""
    await _up_to_there(call)
    call.wire.reset()


async def close(call: Call) -> None:
    """The same with an orderly end of the connection."""
    await _up_to_there(call)
    call.wire.close()


async def unended(call: Call) -> None:
    """All events, but the body that was announced never ends."""
    await call.open_stream()
    await call.play(call.frames())
    await call.wait()


async def no_done(call: Call) -> None:
    """All events but the one that says that it was the last."""
    await call.open_stream()
    await call.play(call.frames()[:-1])
    await call.wire.end()


async def truncated(call: Call) -> None:
    """Half of the JSON, framed as if it were all of it."""
    body = call.json()
    await call.wire.answer(200, body[: len(body) // 2])


async def empty(call: Call) -> None:
    await call.wire.answer(200, b"", (SSE if call.streams else JSON,))


async def html(call: Call) -> None:
    """A page of some proxy, with the status `code`."""
    await call.wire.answer(call.marker.number("code", 200), HTML, (("content-type", "text/html"),))


async def _up_to_there(call: Call) -> None:
    at = call.marker.text("at", "middle")
    if at == "head":
        return
    await (_part_of_stream(call, at) if call.streams else _part_of_body(call, at))


async def _part_of_body(call: Call, at: str) -> None:
    body = call.json()
    await call.wire.head(200, (JSON, ("content-length", str(len(body)))))
    if at != "start":
        await call.wire.raw(body[: len(body) // 2])


async def _part_of_stream(call: Call, at: str) -> None:
    frames, after = call.frames(), call.marker.number("after", 3)
    await call.open_stream()
    if at == "start":
        return
    await call.play(frames if at == "done" else frames[:after])
    if at == "middle":
        raw = written(frames[after])
        await call.wire.body(raw[: len(raw) // 2])


Fault = Callable[[Call], Awaitable[None]]
FAULTS: dict[str, Fault] = {
    "reset": reset,
    "close": close,
    "unended": unended,
    "no-done": no_done,
    "truncated": truncated,
    "empty": empty,
    "html": html,
}
