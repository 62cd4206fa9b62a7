"""W3C Trace Context (Level 1 and 2): what arrives in `traceparent` and `tracestate`, and what is sent on."""

import re

import msgspec

TRACESTATE_LIMIT = 512
SAMPLED = 0x01
# Level 1: version 00 has exactly these four fields; a later version may go on after one more dash.
_TRACEPARENT = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-[^\r\n]*)?\Z")
_PRINTABLE = re.compile(r"[\x20-\x7e\t]+\Z")
_NO_TRACE, _NO_SPAN = "0" * 32, "0" * 16


class TraceContext(msgspec.Struct, frozen=True, gc=False):
    """The caller's position: 32 and 16 lower-case hex digits, flags as received, tracestate untouched."""

    trace_id: str
    span_id: str
    flags: int = SAMPLED
    tracestate: str = ""

    @property
    def sampled(self) -> bool:
        return bool(self.flags & SAMPLED)


def parse(traceparent: str | bytes, tracestate: str | bytes = "") -> TraceContext | None:
    """The context, or None where the standard says to start a new trace.

    A tracestate longer than 512 bytes or with control characters is dropped; the rest of the context stands.
    Several tracestate headers are joined with a comma by the caller.
    """
    found = _TRACEPARENT.match(_text(traceparent).strip(" \t"))
    if found is None:
        return None
    version, trace_id, span_id, flags, more = found.groups()
    if version == "ff" or trace_id == _NO_TRACE or span_id == _NO_SPAN or (version == "00" and more is not None):
        return None
    state = _text(tracestate)
    if len(state) > TRACESTATE_LIMIT or not _PRINTABLE.match(state):
        state = ""
    # Of a later version only the sampled bit is known.
    bits = int(flags, 16) if version == "00" else int(flags, 16) & SAMPLED
    return TraceContext(trace_id, span_id, bits, state)


def format_traceparent(trace_id: str, span_id: str, *, sampled: bool = True) -> str:
    """The header's value in version 00, for ids of 32 and 16 lower-case hex digits."""
    return f"00-{trace_id}-{span_id}-{'01' if sampled else '00'}"


def _text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value
