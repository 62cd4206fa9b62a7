"""Making what came in storable: Postgres takes no NUL, no lone surrogate, no infinite number, no bottomless nesting."""

import json
import re
from typing import Any

REPLACEMENT = "\ufffd"
MAX_DEPTH = 100
ELLIPSIS = "…"

# Escapes for NUL and for surrogates (paired ones too: telling them apart is the slow path's business), and numbers
# beyond what 64 bits hold (not hexadecimal ids, which stand behind a quote). A match inside harmless text costs time.
_ESCAPES = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])")
_LARGE_NUMBERS = re.compile(rb"[:,\[\s]-?[0-9](?:[0-9]{19}|[0-9.]*[eE]\+?[0-9]{3})")
_SURROGATES = re.compile("[\ud800-\udfff]")


def needs_repair(line: bytes) -> bool:
    """Whether JSON text may hold something that msgspec or Postgres refuses."""
    if (b"\\u" in line and _ESCAPES.search(line)) or _LARGE_NUMBERS.search(line):
        return True
    try:
        line.decode()
    except UnicodeDecodeError:
        return True
    return False


def repair(line: bytes) -> bytes:
    """The same JSON with everything unstorable replaced; ValueError when it is no JSON at all."""
    return json.dumps(clean(loads(line)), ensure_ascii=False, separators=(",", ":")).encode()


def loads(text: bytes) -> Any:
    """JSON, read leniently: broken UTF-8 is replaced, NaN is null, too large a number is text; ValueError otherwise.

    Half surrogate pairs are let through: the other half may come with the next piece of a stream.
    """
    return json.loads(
        text.decode("utf-8", "replace"), parse_int=_bounded, parse_float=_finite, parse_constant=lambda name: None
    )


def clean(value: Any) -> Any:
    """A JSON value with clean texts, keys included."""
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, list):
        return [clean(item) for item in value]
    if isinstance(value, dict):
        return {clean_text(str(key)): clean(item) for key, item in value.items()}
    return value


def clean_text(text: str) -> str:
    """NUL and lone surrogates become U+FFFD; the two halves of a surrogate pair become their character."""
    if "\0" in text:
        text = text.replace("\0", REPLACEMENT)
    if _SURROGATES.search(text):
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def shorten(text: str, limit: int) -> str:
    """At most `limit` characters; an ellipsis at the end shows that something was cut."""
    return text if len(text) <= limit else text[: limit - 1] + ELLIPSIS


def is_deep(value: Any, limit: int = MAX_DEPTH) -> bool:
    """Whether a JSON value nests more than `limit` levels."""
    level = [value]
    for _ in range(limit):
        level = [item for part in level for item in _children(part)]
        if not level:
            return False
    return True


def _children(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [item for item in value.values() if isinstance(item, dict | list)]
    if isinstance(value, list):
        return [item for item in value if isinstance(item, dict | list)]
    return []


def _bounded(text: str) -> int | str:
    return int(text) if len(text) < 20 else text


def _finite(text: str) -> float | str:
    number = float(text)
    return number if abs(number) != float("inf") else text
