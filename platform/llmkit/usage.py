"""Token counts of one model call, whoever answered it."""

from typing import Any

import msgspec


class Usage(msgspec.Struct, frozen=True, kw_only=True):
    """Tokens. The totals hold everything; the others say what part of them counts at another price.

    Of prompt_tokens: cached_tokens (read from the provider's prompt cache), cache_creation_tokens (written to it),
    audio_prompt_tokens, image_prompt_tokens. Of completion_tokens: reasoning_tokens, audio_completion_tokens.
    `raw`: the provider's own counts, as it sent them.
    """

    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0
    cache_creation_tokens: int = 0
    audio_prompt_tokens: int = 0
    image_prompt_tokens: int = 0
    reasoning_tokens: int = 0
    audio_completion_tokens: int = 0
    raw: dict[str, Any] = {}


def read_usage(value: Any) -> Usage | None:
    """From the decoded value of an OpenAI-shaped "usage" member; None if it counts nothing that can be read.

    `provider_usage` in it is what a translator was told by a provider of another shape.
    """
    if not isinstance(value, dict) or ("prompt_tokens" not in value and "completion_tokens" not in value):
        return None
    prompt, completion = value.get("prompt_tokens_details"), value.get("completion_tokens_details")
    raw = value.get("provider_usage")
    return Usage(
        prompt_tokens=count(value, "prompt_tokens"),
        completion_tokens=_with_reasoning(value, completion),
        cached_tokens=count(prompt, "cached_tokens") or count(value, "prompt_cache_hit_tokens"),
        cache_creation_tokens=count(prompt, "cache_creation_tokens"),
        audio_prompt_tokens=count(prompt, "audio_tokens"),
        image_prompt_tokens=count(prompt, "image_tokens"),
        reasoning_tokens=count(completion, "reasoning_tokens"),
        audio_completion_tokens=count(completion, "audio_tokens"),
        raw=raw if isinstance(raw, dict) else value,
    )


def count(value: Any, name: str) -> int:
    """A number of tokens. Some providers count in floats, some leave out what they don't count."""
    number = value.get(name) if isinstance(value, dict) else None
    return int(number) if isinstance(number, int | float) and 0 < number < float("inf") else 0


def _with_reasoning(value: dict[str, Any], details: Any) -> int:
    """xAI counts reasoning beside the completion; only its total gives that away."""
    completion, reasoning = count(value, "completion_tokens"), count(details, "reasoning_tokens")
    beside = count(value, "total_tokens") == count(value, "prompt_tokens") + completion + reasoning
    return completion + reasoning if beside else completion
