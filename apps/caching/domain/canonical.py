"""One form for all requests that mean the same."""

import re
import unicodedata
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from msgspec import Raw

# Members that change who is told what, and how, but never the answer itself.
WITHOUT_EFFECT = frozenset(
    {
        "metadata",
        "model",  # stands for the route; what answers is part of the key in its own right
        "prompt_cache_key",
        "prompt_cache_retention",
        "safety_identifier",
        "service_tier",
        "store",
        "stream",
        "stream_options",
        "user",
    }
)
# Values that mean the same as leaving the member out, at every provider.
DEFAULTS: dict[str, Any] = {
    "frequency_penalty": 0,
    "logit_bias": {},
    "logprobs": False,
    "n": 1,
    "presence_penalty": 0,
    "response_format": {"type": "text"},
    "stop": [],
    "tools": [],
}
_STRING = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)
_encode = msgspec.json.Encoder(order="deterministic").encode


class NotCanonical(ValueError):
    """A request that can't be told apart from another one for sure."""


def canonicalise(members: Mapping[str, Raw]) -> dict[str, Any]:
    """The members that decide the answer, decoded and normalised; NotCanonical if a name stands twice somewhere."""
    found: dict[str, Any] = {}
    for name, raw in members.items():
        if name in WITHOUT_EFFECT:
            continue
        value = _normalised(name, _decoded(name, raw))
        if value is None or (name in DEFAULTS and value == DEFAULTS[name] and type(value) is type(DEFAULTS[name])):
            continue
        found[name] = value
    return found


def canonical_bytes(value: Any) -> bytes:
    """JSON without white space and with sorted names: equal values give equal bytes."""
    return _encode(value)


def _decoded(name: str, raw: Raw) -> Any:
    data = bytes(raw)
    try:
        value = msgspec.json.decode(data)
        # Decoders disagree about which of two equal names counts, so such a request has no one meaning.
        if data[:1] in b"[{" and _STRING.sub(b"", data).count(b":") != _count_names(value):
            raise NotCanonical(f"{name}: a name stands twice in the same object.")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise NotCanonical(f"{name}: this can't be read.") from error
    return value


def _count_names(value: Any) -> int:
    if isinstance(value, dict):
        return len(value) + sum(map(_count_names, value.values()))
    return sum(map(_count_names, value)) if isinstance(value, list) else 0


def _normalised(name: str, value: Any) -> Any:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    normalise = _BY_MEMBER.get(name)
    return value if normalise is None else normalise(value)


def _messages(value: Any) -> Any:
    return [_message(turn) for turn in value] if isinstance(value, list) else value


def _message(turn: Any) -> Any:
    """Without empty members, text as one string."""
    if not isinstance(turn, dict):
        return turn
    kept = {name: value for name, value in turn.items() if value is not None and value != []}
    if "content" in kept:
        kept["content"] = _content(kept["content"])
    return kept


def _content(content: Any) -> Any:
    """A single part of text means the same as the text alone."""
    if isinstance(content, str):
        return composed(content)
    if not isinstance(content, list):
        return content
    parts = [_part(part) for part in content]
    only = parts[0] if len(parts) == 1 else None
    return only["text"] if isinstance(only, dict) and only.keys() == {"type", "text"} else parts


def _part(part: Any) -> Any:
    if isinstance(part, dict) and part.get("type") == "text" and isinstance(part.get("text"), str):
        return {**part, "text": composed(part["text"])}
    return part


def _stop(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


def composed(text: str) -> str:
    """NFC, unless that would exchange single characters, such as an angstrom sign or a compatibility ideograph."""
    if text.isascii() or unicodedata.is_normalized("NFC", text):
        return text
    if any(not unicodedata.is_normalized("NFC", character) for character in set(text)):
        return text
    return unicodedata.normalize("NFC", text)


_BY_MEMBER: dict[str, Callable[[Any], Any]] = {"messages": _messages, "stop": _stop}
