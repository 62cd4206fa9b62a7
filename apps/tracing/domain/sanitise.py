"""Making what came in storable: Postgres takes no NUL, no lone surrogate, no infinite number, no bottomless nesting."""

import json
import re
from typing import Any

REPLACEMENT = "\ufffd"
MAX_DEPTH = 100
ELLIPSIS = "…"

# Escapes for NUL and for surrogates (paired ones too: telling them apart is the slow path's business), and exponents
# beyond what a double holds. A match inside harmless text only costs time.
_SUSPICIOUS = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])|[0-9][eE]\+?[0-9]{3}")
_SURROGATES = re.compile("[\ud800-\udfff]")


def needs_repair(line: bytes) -> bool:
    """Whether JSON text may hold something that msgspec or Postgres refuses."""
    if _SUSPICIOUS.search(line):
        return True
    try:
        line.decode()
    except UnicodeDecodeError:
        return True
    return False


def repair(line: bytes) -> bytes:
    """The same JSON with everything unstorable replaced; ValueError when it is no JSON at all."""
    # int: beyond 4300 digits Python refuses, with a ValueError that says so.
    value = json.loads(line.decode("utf-8", "replace"), parse_float=_finite, parse_constant=lambda name: None)
    return json.dumps(clean(value), ensure_ascii=False, separators=(",", ":")).encode()


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
    for _ in range(limit + 1):
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


def _finite(text: str) -> float | str:
    number = float(text)
    return number if abs(number) != float("inf") else text
