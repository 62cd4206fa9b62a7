"""Counting tokens where the provider told no usage, or was cut off before it could."""

from typing import Any

import msgspec

from apps.gateway.proxy.attempts.attempt import Attempt
from apps.gateway.proxy.doors import COUNT
from apps.gateway.proxy.exchange import Exchange
from apps.serving.services import Usage
from llmkit import sse

CHARACTERS_PER_TOKEN = 4
CLIENT_CLOSED_REQUEST = 499


def fill_in_usage(exchange: Exchange) -> None:
    """What each attempt spent; an estimate for those that reached a model and came back without a count."""
    for attempt in exchange.attempts:
        attempt.usage = attempt.answer.usage
        spent = (attempt.answered or attempt.cut_off) and bool(attempt.outgoing)
        if attempt.usage is None and spent and exchange.operation != COUNT:
            attempt.usage = Usage(prompt_tokens=tokens_asked(exchange), completion_tokens=_tokens(_answered(attempt)))
            attempt.usage_estimated = True
        price = attempt.model.price_at(exchange.started_ns + exchange.wall_offset)
        if attempt.usage is not None and price is not None:
            attempt.cost = price.cost_of(attempt.usage)


def tokens_asked(exchange: Exchange) -> int:
    """Of the request as a model reads it, what the route added included."""
    return _tokens(_asked(exchange))


def _tokens(characters: int) -> int:
    return -(-characters // CHARACTERS_PER_TOKEN)


def _asked(exchange: Exchange) -> int:
    """Characters, as far as a request was understood; what it is translated to for the provider says the same."""
    members = exchange.plan.members if exchange.plan else {}
    if (given := members.get("input")) is not None:
        return _put_in(msgspec.json.decode(given))
    return sum(_spoken(message) for message in msgspec.json.decode(members.get("messages", b"[]")))


def _put_in(given: Any) -> int:
    """Of an input to be embedded: text, texts, tokens or lists of tokens."""
    if isinstance(given, list):
        return sum(map(_put_in, given))
    return len(given) if isinstance(given, str) else CHARACTERS_PER_TOKEN


def _answered(attempt: Attempt) -> int:
    if attempt.received:
        return _spoken_in(attempt.received)
    kept = b"".join(attempt.stream)
    spoken = sum(_spoken_in(event.data) for event in sse.Parser(len(kept) + 1).feed(kept))
    return spoken * attempt.stream_bytes // len(kept) if attempt.stream_cut and kept else spoken


def _spoken_in(body: bytes) -> int:
    try:
        answer = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return 0  # [DONE], or what the provider said instead of an answer
    choices = answer.get("choices") if isinstance(answer, dict) else None
    if not isinstance(choices, list):
        return 0
    return sum(_spoken(choice.get("message") or choice.get("delta")) for choice in choices if isinstance(choice, dict))


def _spoken(message: Any) -> int:
    """Characters of a message or a piece of one: its text, its reasoning, the arguments of its tool calls."""
    if not isinstance(message, dict):
        return 0
    calls = message.get("tool_calls")
    text = sum(_length(message.get(name)) for name in ("content", "reasoning_content"))
    return text + (len(msgspec.json.encode(calls)) if calls else 0)


def _length(content: Any) -> int:
    """Of text, or of the texts among a message's parts; pictures and sounds are not guessed at."""
    if isinstance(content, str):
        return len(content)
    if isinstance(content, list):
        return sum(_length(part.get("text")) for part in content if isinstance(part, dict))
    return 0
