"""Usage in OpenAI's shape, from which llmkit.usage reads the same numbers again."""

from typing import Any


def usage(
    prompt: int,
    completion: int,
    *,
    prompt_details: dict[str, int],
    completion_details: dict[str, int] | None = None,
    counted: dict[str, Any],
) -> dict[str, Any]:
    """`prompt` and `completion` hold everything, the details say what part of them; `counted` is what the provider
    itself said, kept for those who want to price it again."""
    found: dict[str, Any] = {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
        "prompt_tokens_details": prompt_details,
    }
    if completion_details:
        found["completion_tokens_details"] = completion_details
    found["provider_usage"] = counted
    return found
