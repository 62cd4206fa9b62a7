"""From Mistral's stream to OpenAI's: the usage, which comes with the last choice, gets a chunk of its own."""

import re
from typing import Any

import msgspec

from apps.serving.providers.chat.chunks import DONE
from apps.serving.providers.chat.translator import EventTranslator
from apps.serving.providers.mistral.answer import DIFFERENT, adapted
from llmkit import sse

_encode = msgspec.json.Encoder().encode
_USAGE = re.compile(rb'"usage"\s*:\s*\{')
_HEAD = ("id", "object", "created", "model")


class MistralStream(EventTranslator):
    """Chunks in which nothing differs go through as they are."""

    def __init__(self, *, include_usage: bool) -> None:
        super().__init__()
        self._include_usage = include_usage
        self._last = b""  # the usage chunk, once there is something to say in it

    def _translate(self, data: bytes) -> bytes:
        if data == b"[DONE]":
            self._over = True
            return self._last + DONE
        if DIFFERENT.search(data) is None and _USAGE.search(data) is None:
            return sse.encode(data)
        chunk = adapted(msgspec.json.decode(data))
        if isinstance(chunk, dict) and isinstance(chunk.get("usage"), dict):
            self._take_usage(chunk)
        return sse.encode(_encode(chunk))

    def _take_usage(self, chunk: dict[str, Any]) -> None:
        usage = chunk.pop("usage")
        if self._include_usage:
            head = {name: chunk[name] for name in _HEAD if name in chunk}
            self._last = sse.encode(_encode({**head, "choices": [], "usage": usage}))
