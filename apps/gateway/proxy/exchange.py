"""Everything that is known of one request while it is handled; the record is made from it at the end."""

import time
from dataclasses import dataclass
from urllib.parse import quote

from apps.caching.services import Flight, StoredAnswer, Visit
from apps.gateway.proxy.asgi_types import Headers
from apps.gateway.proxy.asked import Request
from apps.gateway.proxy.attempts.attempt import Attempt
from apps.gateway.proxy.caller import MAX_LABEL, Caller
from apps.gateway.proxy.doors import Door
from apps.gateway.proxy.resolve import Plan
from apps.gateway.snapshot import KeyEntry
from apps.limits.services import Admission
from llmkit.ids import new_span_ids, new_trace_id

# The steps of a request, in order; each becomes a span. Not every request reaches a model.
AUTHORIZE, RECEIVE, ROUTE, UPSTREAM, RESPOND = PHASES = ("authorize", "receive", "route", "upstream", "respond")
_NEXT = dict(zip(PHASES, (*PHASES[1:], ""), strict=True))


@dataclass(slots=True)
class Outcome:
    """How it went. `status` is what the caller was told, or 499 when nobody was there to be told."""

    status: int = 200
    error_type: str = ""
    error_message: str = ""
    client_gone: bool = False
    body: bytes = b""


class Exchange:
    """One request. Times are monotonic nanoseconds; `wall_offset` turns them into Unix nanoseconds."""

    __slots__ = (
        "admission", "answering", "attempts", "caller", "checks_cache", "door", "flight", "key", "limit_headers",
        "outcome", "parent_id", "phases", "plan", "recorded", "replayed", "request", "running", "span_id", "started_ns",
        "step_ids", "trace_id", "tracestate", "visit", "wall_offset", "winner",
    )  # fmt: skip

    def __init__(self, door: Door, caller: Caller, wall_offset: int) -> None:
        self.started_ns = time.monotonic_ns()
        self.wall_offset = wall_offset
        self.door = door
        self.caller = caller
        context = caller.trace_context()
        self.trace_id = context.trace_id if context else new_trace_id()
        self.parent_id = context.span_id if context else ""
        self.tracestate = context.tracestate if context else ""
        self.span_id, *self.step_ids = new_span_ids(1 + len(PHASES))
        self.phases: list[tuple[str, int]] = []
        self.running = AUTHORIZE
        self.key: KeyEntry | None = None
        self.request: Request | None = None
        self.plan: Plan | None = None
        self.admission: Admission | None = None  # None where nothing limits the key
        self.limit_headers: Headers = ()
        self.attempts: list[Attempt] = []
        self.winner: Attempt | None = None  # of the attempts, the one that the caller gets
        self.visit: Visit | None = None  # at the caches, of a route that has some
        self.flight: Flight[StoredAnswer] | None = None  # identical requests wait for this one's answer
        self.checks_cache = False  # it asks again what was answered from a cache
        self.replayed = False  # the answer is the one that its Idempotency-Key got before
        self.outcome = Outcome()
        self.answering = False  # the head of an answer is out
        self.recorded = False

    @property
    def operation(self) -> str:
        return self.door.operation

    def now_ns(self) -> int:
        """Unix nanoseconds."""
        return time.monotonic_ns() + self.wall_offset

    def ended(self, phase: str) -> None:
        """`phase` reached from the end of the one before until now."""
        now = time.monotonic_ns()
        self.phases.append((phase, now))
        self.running = _NEXT[phase]
        if phase == UPSTREAM and self.winner is not None:
            self.winner.ended_ns = now

    def end_running(self) -> None:
        """Whatever step was under way ends here."""
        if self.running:
            self.ended(self.running)

    @property
    def attempt(self) -> Attempt | None:
        """The one that this request stands or falls with."""
        return self.winner or (self.attempts[-1] if self.attempts else None)

    def next_span_id(self) -> str:
        """For an attempt."""
        return self.step_ids[PHASES.index(UPSTREAM)] if not self.attempts else new_span_ids(1)[0]

    @property
    def user(self) -> str:
        asked = self.request.asked if self.request else None
        return ((asked and asked.user) or self.caller.label(b"x-flywheel-user"))[:MAX_LABEL]

    @property
    def session(self) -> str:
        metadata = self.request.asked.metadata if self.request else None
        given = metadata.get("session_id") if metadata else None
        return self.caller.label(b"x-flywheel-session") or (given[:MAX_LABEL] if isinstance(given, str) else "")

    @property
    def project_id(self) -> str:
        """LookupError before the key is known."""
        if self.key is None:
            raise LookupError("This request belongs to no project yet.")
        return self.key.project.id

    @property
    def shows_usage(self) -> bool:
        """Whether the caller asked for the usage at the end of a stream."""
        return self.request is not None and self.request.wants_usage

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
            if self.winner is not None:
                headers.append((b"x-flywheel-model", _header_text(self.winner.model.name)))
        if self.visit is not None:
            headers.append((b"x-flywheel-cache", self.visit.header()))
        headers += self.limit_headers
        return headers


def _header_text(text: str) -> bytes:
    """A name as a header value: what is not printable ASCII is percent-encoded as UTF-8."""
    return quote(text, safe=" !#$&'()*+,/:;=?@[]").encode()
