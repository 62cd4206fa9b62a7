"""From a legacy completions request to a chat request whose only message is the prompt."""

from typing import Any

import msgspec
from msgspec import Struct

from apps.serving.dialects.base import Invalid
from apps.serving.dialects.reading import others, raw, read, refuse
from apps.serving.providers.base import Members

DEFAULT_MAX_TOKENS = 16
MOST_LOGPROBS = 20
_REFUSED = {
    "suffix": "a chat model can't fill in a middle.",
    "echo": "a chat model doesn't repeat the prompt.",
    "messages": "a completion has a prompt; messages belong to /v1/chat/completions.",
    "tools": "a completion calls no tools; use /v1/chat/completions.",
    "functions": "a completion calls no functions; use /v1/chat/completions.",
}
_TRANSLATED = frozenset(("prompt", "max_tokens", "logprobs", "best_of", "suffix", "echo"))
_prompt = msgspec.json.Decoder(str)


class _Request(Struct):
    prompt: str | list[Any]
    max_tokens: int | None = None
    logprobs: int | None = None
    best_of: int | None = None
    n: int | None = None


_decoder = msgspec.json.Decoder(_Request)


def translate(members: Members) -> Members:
    """Invalid for what is wrong, and for what no chat completion can do."""
    refuse(members, _REFUSED)
    request = read(members, _decoder)
    if request.best_of is not None and request.best_of != (request.n or 1):
        raise Invalid("best_of: this model gives no more answers than it shows; leave it out.", "best_of")
    limit = DEFAULT_MAX_TOKENS if request.max_tokens is None else request.max_tokens
    found: dict[str, Any] = {
        "messages": [{"role": "user", "content": only_prompt(request.prompt)}],
        "max_completion_tokens": limit,
    }
    if request.logprobs is not None:
        found |= _logprobs(request.logprobs)
    return others(members, _TRANSLATED) | {name: raw(value) for name, value in found.items()}


def only_prompt(prompt: str | list[Any]) -> str:
    """The one prompt; Invalid for several, and for tokens."""
    if isinstance(prompt, str):
        return prompt
    if len(prompt) == 1 and isinstance(prompt[0], str):
        return prompt[0]
    if prompt and all(isinstance(one, str) for one in prompt):
        raise Invalid("prompt: one prompt a request is supported; send the others by themselves.", "prompt")
    raise Invalid("prompt: it has to be a text; tokens are not supported.", "prompt")


def prompt_length(members: Members) -> int:
    """Characters of the prompt, from which on the answer's tokens are placed, where anybody asked for these."""
    if "logprobs" not in members:
        return 0
    return len(only_prompt(read(members, _decoder).prompt))


def _logprobs(most: int) -> dict[str, Any]:
    if not 0 <= most <= MOST_LOGPROBS:
        raise Invalid(f"logprobs: a number from 0 to {MOST_LOGPROBS} is required.", "logprobs")
    return {"logprobs": True, "top_logprobs": most} if most else {"logprobs": True}
