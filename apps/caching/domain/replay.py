"""A whole chat completion told as a stream of chunks."""

from collections.abc import Iterator
from typing import Any

import msgspec

from llmkit.sse import encode

# Characters in a piece of content: few enough to look like a stream, many enough to cost little.
PIECE = 400
DONE = b"data: [DONE]\n\n"
_dump = msgspec.json.Encoder().encode


def as_stream(body: bytes, *, include_usage: bool) -> Iterator[bytes]:
    """The chunks as server-sent events, and [DONE]."""
    yield from map(encode, as_chunks(body, include_usage=include_usage))
    yield DONE


def as_chunks(body: bytes, *, include_usage: bool) -> Iterator[bytes]:
    """The data of each event: role, content in pieces, tool calls, finish reason, usage if it was asked for.

    `body`: a chat completion as JSON. All chunks carry its id, time and model, and every member of the message
    that is not text or a tool call comes in one piece.
    """
    answer = msgspec.json.decode(body)
    head = {name: answer[name] for name in ("id", "created", "model", "system_fingerprint") if name in answer}
    head = {"object": "chat.completion.chunk", **head}
    silent = {"usage": None} if include_usage else {}
    for choice in answer["choices"]:
        for part in _parts(choice):
            yield _dump({**head, "choices": [{"index": choice.get("index", 0), **part}], **silent})
    if include_usage:
        yield _dump({**head, "choices": [], "usage": answer.get("usage")})


def _parts(choice: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """What stands beside the index of each chunk of one choice."""
    message = dict(choice["message"])
    content, calls = message.pop("content", None), message.pop("tool_calls", None) or []
    logprobs = choice.get("logprobs")
    # An empty text is how streams begin; only one that has nothing but calls says null.
    opening = {"role": message.pop("role", "assistant"), "content": None if content is None and calls else ""}
    yield _delta(opening | {name: value for name, value in message.items() if value is not None})
    if content or logprobs:
        # Log-probabilities belong to tokens, whose ends nobody knows any more: all in one chunk.
        pieces = [content] if logprobs or not isinstance(content, str) else _pieces(content)
        for piece in pieces:
            yield _delta({"content": piece}) | ({"logprobs": logprobs} if logprobs else {})
    for place, call in enumerate(calls):
        yield _delta({"tool_calls": [{"index": place, **call}]})
    yield {"delta": {}, "finish_reason": choice.get("finish_reason") or "stop"}


def _delta(delta: dict[str, Any]) -> dict[str, Any]:
    return {"delta": delta, "finish_reason": None}


def _pieces(text: str) -> Iterator[str]:
    """PIECE characters or a few more, so that no cut separates a character from what combines with it."""
    start = 0
    while start < len(text):
        end = min(start + PIECE, len(text))
        while end < len(text) and end < start + 2 * PIECE and not text[end - 1].isspace():
            end += 1
        yield text[start:end]
        start = end
