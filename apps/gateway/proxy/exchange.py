"""Everything that is known of one request while it is handled; the record is made from it at the end."""

import time
from dataclasses import dataclass, field

from llmkit.ids import new_span_id, new_trace_id

from apps.gateway.proxy.asgi_types import Headers
from apps.gateway.proxy.body import ChatRequest
from apps.gateway.proxy.caller import Caller
from apps.gateway.proxy.resolve import Plan
from apps.gateway.snapshot import KeyEntry


@dataclass(slots=True)
class Usage:
    """Tokens of the answer. Cached ones are part of the input; `estimated`: counted here, the provider said nothing."""

    input_tokens: int
    output_tokens: int
    cached_tokens: int = 0
    estimated: bool = False


@dataclass(slots=True)
class Outcome:
    """How it went. `status` is what the caller was told, or 499 when nobody was there to be told."""

    status: int = 200
    error_type: str = ""
    error_message: str = ""
    client_gone: bool = False
    usage: Usage | None = None
    response_id: str = ""
    response_model: str = ""
    finish_reasons: list[str] = field(default_factory=list)
    first_chunk_ns: int = 0  # from the upstream request to its first event
    body: bytes = b""
    stream: list[bytes] = field(default_factory=list)
    stream_cut: bool = False  # the stream was longer than what a record keeps


class Exchange:
    """One request. Times are monotonic nanoseconds; `wall_offset` turns them into Unix nanoseconds."""

    __slots__ = (
        "caller", "key", "outcome", "outgoing", "parent_id", "phases", "plan", "request", "span_id", "started_ns",
        "trace_id", "tracestate", "upstream_span_id", "wall_offset",
    )  # fmt: skip

    def __init__(self, caller: Caller, wall_offset: int) -> None:
        self.started_ns = time.monotonic_ns()
        self.wall_offset = wall_offset
        self.caller = caller
        context = caller.trace_context()
        self.trace_id = context.trace_id if context else new_trace_id()
        self.parent_id = context.span_id if context else ""
        self.tracestate = context.tracestate if context else ""
        self.span_id = new_span_id()
        self.upstream_span_id = new_span_id()
        self.phases: list[tuple[str, int]] = []
        self.key: KeyEntry | None = None
        self.request: ChatRequest | None = None
        self.plan: Plan | None = None
        self.outgoing = b""
        self.outcome = Outcome()

    def now_ns(self) -> int:
        """Unix nanoseconds."""
        return time.monotonic_ns() + self.wall_offset

    def ended(self, phase: str) -> None:
        """`phase` reached from the end of the one before until now."""
        self.phases.append((phase, time.monotonic_ns()))

    def headers(self) -> Headers:
        """What every answer tells: the trace, the request's id, and the route that was taken."""
        headers = [
            (b"x-flywheel-trace-id", self.trace_id.encode()),
            (b"x-request-id", self.caller.request_id() or self.trace_id.encode()),
        ]
        route = self.plan.route if self.plan else None
        if route is not None:
            headers.append((b"x-flywheel-route", _header_text(route.name)))
            headers.append((b"x-flywheel-route-version", b"%d" % route.version))
        return headers


def _header_text(text: str) -> bytes:
    """A name as a header value: what is not printable ASCII is percent-encoded as UTF-8."""
    from urllib.parse import quote

    return quote(text, safe=" !#$&'()*+,/:;=?@[]").encode()
