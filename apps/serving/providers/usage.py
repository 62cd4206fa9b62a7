"""Token counts as every adapter's answers carry them."""

from typing import Any

import msgspec


class Usage(msgspec.Struct, frozen=True, kw_only=True):
    """Tokens. prompt_tokens include cached_tokens (read from a cache) and cache_creation_tokens (written to it);
    completion_tokens include reasoning_tokens."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0
    cache_creation_tokens: int = 0
    reasoning_tokens: int = 0


def read_usage(value: Any) -> Usage | None:
    """From the decoded value of a "usage" member; None if it counts nothing that can be read."""
    if not isinstance(value, dict) or ("prompt_tokens" not in value and "completion_tokens" not in value):
        return None
    prompt_details, completion_details = value.get("prompt_tokens_details"), value.get("completion_tokens_details")
    return Usage(
        prompt_tokens=_count(value, "prompt_tokens"),
        completion_tokens=_count(value, "completion_tokens"),
        cached_tokens=_count(prompt_details, "cached_tokens"),
        cache_creation_tokens=_count(prompt_details, "cache_creation_tokens"),
        reasoning_tokens=_count(completion_details, "reasoning_tokens"),
    )


def _count(value: Any, name: str) -> int:
    """Some providers count in floats, some leave out what they don't count."""
    number = value.get(name) if isinstance(value, dict) else None
    return int(number) if isinstance(number, int | float) and number > 0 else 0
