"""A provider's stream on its way to the caller: understood, kept for the record, and passed on event by event."""

import re
import time

from apps.gateway.proxy.exchange import Exchange
from apps.gateway.proxy.payloads import KEPT_BYTES
from apps.serving.services import Observed, StreamTranslator
from llmkit import sse

DONE = b"[DONE]"
EVENT_LIMIT = 8 * 1024 * 1024
KEEP_ALIVE = b": keep-alive\n\n"
BLANK_LINE = b"\n\n"
BLANK_LINES = (BLANK_LINE, b"\r\n\r\n")
# The extra chunk at the end of a stream whose caller asked for the usage.
_NO_CHOICES = re.compile(rb'"choices"\s*:\s*\[\s*\]')


class NotUnderstood(Exception):
    """The provider's stream can't be taken apart into events."""


class RelayedStream(Observed):
    """Feed it what the provider sends; it gives what the caller gets.

    `done`: the stream came to its proper end; `error`: it ended with one instead.
    """

    def __init__(self, exchange: Exchange, translator: StreamTranslator) -> None:
        super().__init__()
        self.done = False
        self._outcome = exchange.outcome
        self._outcome.answer = self
        self._asked_ns = exchange.phases[-1][1]
        self._show_usage = exchange.shows_usage
        self._translator = translator
        self._parser = sse.Parser(EVENT_LIMIT)
        self._between_events = True

    @property
    def over(self) -> bool:
        return self.done or self.error is not None

    def feed(self, chunk: bytes) -> bytes:
        """The events that `chunk` completes, up to the end of the stream, which is the caller's to announce."""
        return self._read(self._translator.feed(chunk))

    def end(self) -> bytes:
        """What was left when the provider closed the stream. It may be a proper end without the usual [DONE]."""
        out = self._read(self._translator.end() + BLANK_LINE)
        self.done = self.done or (self.error is None and bool(self.finish_reasons))
        return out

    def _read(self, chunk: bytes) -> bytes:
        self._keep(chunk)
        whole = self._between_events
        self._between_events = chunk.endswith(BLANK_LINES)
        try:
            events = self._parser.feed(chunk)
        except sse.EventTooLarge as error:
            raise NotUnderstood from error
        if not events:
            return KEEP_ALIVE if whole and chunk[:1] == b":" else b""
        shown = self._shown(events)
        if whole and self._between_events and len(shown) == len(events):
            return chunk
        return b"".join([b"data: %b\n\n" % data for data in shown])

    def _shown(self, events: list[sse.Event]) -> list[bytes]:
        """What the caller gets of these events now; all of them are taken note of, up to the end."""
        shown, learn, content = [], self._learn, False
        for event in events:
            data = event.data
            if data == DONE:
                self.done = True
                break
            content = learn(data) or content
            if self.error is not None:
                break
            if self.usage is None or self._show_usage or _NO_CHOICES.search(data) is None:
                shown.append(data)
        if content and not self._outcome.first_chunk_ns:
            self._outcome.first_chunk_ns = time.monotonic_ns() - self._asked_ns
        return shown

    def _keep(self, chunk: bytes) -> None:
        outcome = self._outcome
        outcome.stream_bytes += len(chunk)
        if outcome.stream_bytes <= KEPT_BYTES:
            outcome.stream.append(chunk)
        else:
            outcome.stream_cut = True
