"""One call to one target, from its request to what is known of its answer."""

import time

from apps.gateway.proxy.json_body import Members
from apps.gateway.snapshot import ModelEntry
from apps.serving.services import Observed, Upstream, Usage

KEPT_BYTES = 1024 * 1024  # of a stream


class Attempt:
    """Times are monotonic nanoseconds. `why`: this target, in the words of the choice.

    members: of the chat request, with the provider's name of the model. body: the caller's own bytes, where nothing
    of them had to change. native: the provider gets the caller's own words instead of chat's.
    cut_off: it was ended from here, by a caller that left or because another was quicker.
    reserved: the ledger knows of it. charge_unknown: it went out and nothing came back, so it may or may not be billed.
    cost: nano-dollars, None while they are unknown or the model has no price.
    """

    __slots__ = (
        "answer", "answered", "body", "charge_unknown", "cost", "cut_off", "ended_ns", "error_message", "error_type",
        "first_chunk_ns", "members", "model", "native", "number", "outgoing", "received", "reserved", "span_id",
        "started_ns", "stream", "stream_bytes", "stream_cut", "upstream", "usage", "usage_estimated", "why",
    )  # fmt: skip

    def __init__(
        self, model: ModelEntry, upstream: Upstream, members: Members, body: bytes | None, *, native: bool, span_id: str
    ) -> None:
        self.model, self.upstream, self.members, self.body, self.native = model, upstream, members, body, native
        self.span_id, self.number, self.why = span_id, 1, ""
        self.started_ns, self.ended_ns, self.first_chunk_ns = time.monotonic_ns(), 0, 0
        self.outgoing = b""  # what went out, once it did
        self.answered = self.cut_off = self.reserved = self.charge_unknown = False
        self.cost: int | None = None
        self.answer = Observed()
        self.received = b""  # a plain answer, as the provider said it
        self.usage: Usage | None = None
        self.usage_estimated = False  # counted here, because the provider said nothing
        self.error_type = self.error_message = ""
        self.stream: list[bytes] = []
        self.stream_bytes = 0
        self.stream_cut = False  # the stream was longer than what a record keeps

    def keep(self, chunk: bytes) -> None:
        """A piece of the stream, for the record."""
        self.stream_bytes += len(chunk)
        if self.stream_bytes <= KEPT_BYTES:
            self.stream.append(chunk)
        else:
            self.stream_cut = True

    def content_came(self) -> None:
        if not self.first_chunk_ns:
            self.first_chunk_ns = time.monotonic_ns() - self.started_ns

    def failed(self, error_type: str, message: str) -> None:
        self.error_type, self.error_message = error_type, message

    def end(self) -> None:
        if not self.ended_ns:
            self.ended_ns = time.monotonic_ns()
