"""A provider's stream on its way to the caller: understood, kept for the record, and passed on event by event."""

import re

from apps.gateway.proxy.attempts.attempt import Attempt
from apps.gateway.proxy.doors import told
from apps.gateway.proxy.exchange import Exchange
from apps.gateway.proxy.refusals import Refusal
from apps.serving.services import Observed, StreamTranslator, UnreadableAnswer
from llmkit import sse

DONE = b"[DONE]"
EVENT_LIMIT = 8 * 1024 * 1024
BLANK_LINE = b"\n\n"
BLANK_LINES = (BLANK_LINE, b"\r\n\r\n")
# The extra chunk at the end of a stream whose caller asked for the usage.
_NO_CHOICES = re.compile(rb'"choices"\s*:\s*\[\s*\]')


class NotUnderstood(Exception):
    """The provider's stream can't be taken apart into events."""


class RelayedStream(Observed):
    """Feed it what the provider sends; it gives what the caller gets, in the caller's dialect.

    `done`: the stream came to its proper end; `error`: it ended with one instead.
    """

    def __init__(self, exchange: Exchange, attempt: Attempt, translator: StreamTranslator) -> None:
        super().__init__()
        self.done = False
        self._attempt = attempt
        attempt.answer = self
        self._show_usage = exchange.shows_usage
        self._translator = translator
        door, request = exchange.door, exchange.request
        self._as_it_comes = door.is_hub
        self._voice = door.dialect.stream(request.members if request else {})
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

    def last(self) -> bytes:
        """The proper end."""
        return self._voice.end()

    def keep_alive(self) -> bytes:
        """What no client takes for a part of the answer."""
        return self._voice.keep_alive()

    def fail(self, refusal: Refusal) -> bytes:
        """The last event of a stream that was broken off."""
        return self._voice.fail(told(refusal))

    @property
    def answer(self) -> bytes:
        """The whole answer as JSON after `last`, in dialects whose last event holds it; else b""."""
        return self._voice.answer

    def _read(self, chunk: bytes) -> bytes:
        self._attempt.keep(chunk)
        whole = self._between_events
        self._between_events = chunk.endswith(BLANK_LINES)
        try:
            events = self._parser.feed(chunk)
        except sse.EventTooLarge as error:
            raise NotUnderstood from error
        if not events:
            return self.keep_alive() if whole and chunk[:1] == b":" else b""
        shown = self._shown(events)
        if self._as_it_comes and whole and self._between_events and len(shown) == len(events):
            return chunk
        try:
            return self._voice.feed(shown)
        except UnreadableAnswer as error:
            raise NotUnderstood from error

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
        if content:
            self._attempt.content_came()
        return shown
