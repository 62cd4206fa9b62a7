"""Reading along a legacy completion that goes through as the provider wrote it."""

from typing import Any

import msgspec
from msgspec import Struct

from apps.serving.dialects.observing import DialectObserver
from apps.serving.providers.base import UNREADABLE
from apps.serving.providers.observe import Observed, observe_body
from llmkit.sse import Event

_DONE = b"[DONE]"


class _Choice(Struct, gc=False):
    text: Any = None


class _Chunk(Struct, gc=False):
    choices: list[_Choice] | None = None


_decode = msgspec.json.Decoder(_Chunk).decode


class CompletionsObserver(DialectObserver):
    """Everything but the text is where chat completions have it."""

    def learn(self, event: Event) -> bool:
        if event.data == _DONE:
            self.done = True
            return False
        self._learn(event.data)
        try:
            choices = _decode(event.data).choices
        except UNREADABLE:
            self.unreadable = True
            return False
        return any(choice.text for choice in choices or ())


def observe_completions_body(body: bytes) -> Observed:
    """The same of an answer that came in one piece."""
    return observe_body(body)
