"""Good streams, written in every way that the standard of server-sent events permits."""

from collections.abc import Container

from apps.gateway.lab.provider.dialects.content import Frame
from apps.gateway.lab.provider.faults.call import Call, written
from apps.gateway.lab.texts import GREETING

LINE_ENDS = {"crlf": b"\r\n", "cr": b"\r", "lf": b"\n"}
BOM = b"\xef\xbb\xbf"


async def lines(call: Call) -> None:
    """`eol`, and with the options comments, multi, nospace, event, bom those habits; `together` in one piece."""
    options, eol = call.marker.options, call.marker.text("eol", "lf")
    pieces = [_in_style(frame, eol, options.keys()) for frame in call.frames()]
    if "bom" in options:
        pieces[0] = BOM + pieces[0]
    await call.open_stream()
    for piece in [b"".join(pieces)] if "together" in options else pieces:
        await call.wire.body(piece)
    await call.wire.end()


async def split(call: Call) -> None:
    """The stream in pieces of `size` bytes, one write each; `at` cuts it once, in front of that byte."""
    raw = b"".join(written(frame) for frame in call.frames())
    at, size = call.marker.number("at"), call.marker.number("size", 1)
    pieces = [raw[:at], raw[at:]] if at else [raw[start : start + size] for start in range(0, len(raw), size)]
    await call.open_stream()
    for piece in pieces:
        await call.wire.body(piece)
    await call.wire.end()


async def coalesced(call: Call) -> None:
    """All events in a single piece."""
    await call.open_stream()
    await call.wire.body(b"".join(written(frame) for frame in call.frames()))
    await call.wire.end()


async def huge_event(call: Call) -> None:
    """One event whose text is padded to `kb` kilobytes, in front of the usual ones."""
    opening, first, *rest = call.frames()
    padding = "x" * (call.marker.number("kb", 512) * 1024)
    huge = first._replace(data=first.data.replace(GREETING[0], padding + GREETING[0]))
    await call.open_stream()
    await call.play([opening, huge, *rest])
    await call.wire.end()


def _in_style(frame: Frame, eol: str, named: Container[str]) -> bytes:
    colon = ":" if "nospace" in named else ": "
    out = [": a comment", ":"] if "comments" in named else []
    if frame.event or "event" in named:
        out.append(f"event{colon}{frame.event or 'message'}")
    parts = _in_two_lines(frame.data) if "multi" in named else [frame.data]
    out += [f"data{colon}{part}" for part in parts]
    end = LINE_ENDS.get(eol, b"\n")
    return b"".join(line.encode() + end for line in (*out, ""))


def _in_two_lines(data: str) -> list[str]:
    """Cut where JSON doesn't mind a line end: behind the first comma between members."""
    head, comma, rest = data.partition('","')
    return [f'{head}"' + ",", f'"{rest}'] if comma else [data]


FAULTS = {"lines": lines, "split": split, "coalesced": coalesced, "huge-event": huge_event}
