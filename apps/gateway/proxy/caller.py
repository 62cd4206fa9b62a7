"""What a request's headers say about its caller, besides the key."""

import re
from dataclasses import dataclass

from apps.gateway.proxy.asgi_types import Headers
from llmkit import traceparent

_WANTED = frozenset(
    (
        b"authorization", b"content-length", b"traceparent", b"tracestate", b"x-request-id",
        b"x-flywheel-user", b"x-flywheel-session", b"x-flywheel-environment", b"x-flywheel-release",
        b"x-api-key", b"anthropic-version", b"anthropic-beta", b"x-stainless-retry-count",
        b"cache-control", b"idempotency-key",
    )
)  # fmt: skip
_LISTS = (b"tracestate", b"anthropic-beta")
_DIALECT = (b"anthropic-version", b"anthropic-beta")
_REQUEST_ID = re.compile(rb"[\x21-\x7e]{1,128}\Z")
MAX_LABEL = 200


@dataclass(slots=True)
class Caller:
    """Header values by name; of a header that comes twice the last counts, and lists are joined."""

    found: dict[bytes, bytes]

    @classmethod
    def of(cls, headers: Headers) -> "Caller":
        found: dict[bytes, bytes] = {}
        for name, value in headers:
            if name in _WANTED:
                twice = name in found and name in _LISTS
                found[name] = found[name] + b"," + value if twice else value
        return cls(found)

    @property
    def authorization(self) -> bytes:
        """Anthropic's clients send their key by itself."""
        given = self.found.get(b"authorization", b"")
        return given or (b"Bearer " + key if (key := self.found.get(b"x-api-key")) else b"")

    @property
    def of_dialect(self) -> tuple[tuple[bytes, bytes], ...]:
        """What goes along to a provider that is spoken to in the caller's own dialect."""
        return tuple([(name, self.found[name]) for name in _DIALECT if name in self.found])

    @property
    def content_length(self) -> bytes | None:
        return self.found.get(b"content-length")

    @property
    def retry_count(self) -> int:
        """How often the caller's own client has tried this request before."""
        given = self.found.get(b"x-stainless-retry-count", b"")
        return int(given) if given.isdigit() and len(given) < 4 else 0

    def label(self, name: bytes) -> str:
        """A header as text of bounded length, "" when it isn't there."""
        value = self.found.get(name)
        return value[: 4 * MAX_LABEL].decode("utf-8", "replace")[:MAX_LABEL] if value else ""

    def trace_context(self) -> traceparent.TraceContext | None:
        parent = self.found.get(b"traceparent")
        return traceparent.parse(parent, self.found.get(b"tracestate", b"")) if parent else None

    def request_id(self) -> bytes | None:
        given = self.found.get(b"x-request-id")
        return given if given and _REQUEST_ID.match(given) else None
