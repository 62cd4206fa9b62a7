"""Requests whose provider speaks the caller's own dialect: they go through as they are, and are read along."""

import re

from apps.gateway.proxy.attempts.attempt import Attempt
from apps.gateway.proxy.doors import told
from apps.gateway.proxy.exchange import Exchange
from apps.gateway.proxy.json_body import Members
from apps.gateway.proxy.refusals import Refusal
from apps.gateway.proxy.relayed import EVENT_LIMIT, NotUnderstood
from apps.gateway.proxy.resolve import Plan, with_usage
from apps.serving.services import OBSERVERS, ProviderError, UpstreamRequest
from llmkit import sse

_NO_CHOICES = re.compile(rb'"choices"\s*:\s*\[\s*\]')


def native_request(exchange: Exchange, plan: Plan, attempt: Attempt) -> UpstreamRequest:
    """LookupError before the request has been read."""
    request, upstream = exchange.request, attempt.upstream
    if request is None:
        raise LookupError("There is no request yet.")
    members: Members = request.members
    body: bytes | None = request.raw
    if plan.streams and _tells_usage_on_demand(exchange) and not request.wants_usage:
        members, body = {**members, "stream_options": with_usage(members)}, None
    headers, name = exchange.caller.of_dialect, attempt.model.upstream_name
    return upstream.adapter.native_request(exchange.door.native, members, body, name, upstream.access, headers)


def _tells_usage_on_demand(exchange: Exchange) -> bool:
    return exchange.door.native == "completions"


class NativeStream:
    """Feed it what the provider sends; it gives what the caller gets: the same events, but for the last one.

    That one is `last`, for when the record is safe. `done` and `error` as in RelayedStream.
    """

    def __init__(self, exchange: Exchange, attempt: Attempt) -> None:
        observer = self._observer = OBSERVERS[exchange.door.native]()
        attempt.answer = observer
        self._attempt = attempt
        self._parser = sse.Parser(EVENT_LIMIT)
        self._hides_usage = _tells_usage_on_demand(exchange) and not exchange.shows_usage
        self._voice = exchange.door.dialect.stream({})
        self._last = b""
        self.answer = b""  # the provider keeps its own

    @property
    def done(self) -> bool:
        return self._observer.done

    @property
    def error(self) -> ProviderError | None:
        return self._observer.error

    @property
    def over(self) -> bool:
        return self.done or self.error is not None

    def feed(self, chunk: bytes) -> bytes:
        self._attempt.keep(chunk)
        try:
            events = self._parser.feed(chunk)
        except sse.EventTooLarge as error:
            raise NotUnderstood from error
        if not events and chunk[:1] == b":":
            return self.keep_alive()
        return b"".join(map(self._pass, events))

    def end(self) -> bytes:
        """What was left when the provider closed the stream; only its last event says that it was the whole."""
        return self.feed(b"\n\n")

    def last(self) -> bytes:
        return self._last

    def keep_alive(self) -> bytes:
        return self._voice.keep_alive()

    def fail(self, refusal: Refusal) -> bytes:
        return self._voice.fail(told(refusal))

    def _pass(self, event: sse.Event) -> bytes:
        if self.over:
            return b""
        if self._observer.learn(event):
            self._attempt.content_came()
        if self.error is not None or (self._hides_usage and _NO_CHOICES.search(event.data)):
            return b""
        written = sse.encode(event.data, event.event or None)
        if not self.done:
            return written
        self._last = written
        return b""
