"""What somebody typed into the palette: words of a name, or the beginning of a trace id."""

import re
from uuid import UUID

HEX = re.compile(r"[0-9a-f]{8,32}")


def trace_range(text: str) -> tuple[UUID, UUID] | None:
    """Lowest and highest trace id that begin with `text` (8 to 32 hex digits, dashes allowed); None otherwise."""
    digits = text.strip().lower().replace("-", "")
    if not HEX.fullmatch(digits):
        return None
    return UUID(digits.ljust(32, "0")), UUID(digits.ljust(32, "f"))


def matches(text: str, name: str) -> bool:
    """Whether every word of `text` begins a word of `name`."""
    words = re.split(r"[\s/_.:-]+", name.lower())
    return all(any(word.startswith(part) for word in words) for part in text.lower().split())
