"""The JSON of an answer: one completion, or the chunks of a stream."""

import time
import uuid
from typing import Any

import msgspec

DONE = b"data: [DONE]\n\n"


def usage(prompt_tokens: int, completion_tokens: int) -> dict[str, int]:
    """Counts of token ids; the id that ends an answer is one of the completion's."""
    total = prompt_tokens + completion_tokens
    return {"prompt_tokens": prompt_tokens, "completion_tokens": completion_tokens, "total_tokens": total}


def event(content: Any) -> bytes:
    """One server-sent event."""
    return b"data: " + msgspec.json.encode(content) + b"\n\n"


class Answer:
    """Keeps id, time and model the same through all chunks of an answer."""

    def __init__(self, model: str, *, with_usage: bool = False) -> None:
        self.id = f"chatcmpl-{uuid.uuid4().hex}"
        self.created = int(time.time())
        self.model = model
        self.with_usage = with_usage

    def completion(self, text: str, finish: str, counts: dict[str, int]) -> dict[str, Any]:
        message = {"role": "assistant", "content": text, "refusal": None}
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": finish}
        return self._frame("chat.completion") | {"choices": [choice], "usage": counts}

    def opening(self) -> bytes:
        return self._chunk({"role": "assistant", "content": ""}, None)

    def piece(self, text: str) -> bytes:
        return self._chunk({"content": text}, None)

    def closing(self, finish: str, counts: dict[str, int]) -> bytes:
        last = self._chunk({}, finish)
        if self.with_usage:
            last += event(self._frame("chat.completion.chunk") | {"choices": [], "usage": counts})
        return last + DONE

    def _chunk(self, delta: dict[str, str], finish: str | None) -> bytes:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        frame = self._frame("chat.completion.chunk") | {"choices": [choice]}
        return event(frame | {"usage": None} if self.with_usage else frame)

    def _frame(self, kind: str) -> dict[str, Any]:
        return {"id": self.id, "object": kind, "created": self.created, "model": self.model}
