"""What a model call costs: every token priced once, by the kind that decides its price."""

from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from llmkit.usage import Usage

MILLION = 1_000_000


class Rates(msgspec.Struct, frozen=True, kw_only=True):
    """Prices in nano-dollars per million tokens; a kind without a price of its own costs what input or output costs."""

    input: int
    output: int
    cached_input: int | None = None
    cache_creation: int | None = None
    audio_input: int | None = None
    image_input: int | None = None
    reasoning: int | None = None
    audio_output: int | None = None


class Part(NamedTuple):
    """A kind of tokens in a request, how many there were, and what they cost in nano-dollars."""

    kind: str
    tokens: int
    nano: int


def cost(usage: Usage, rates: Rates) -> int:
    """Nano-dollars of one request, rounded half up once, so that it is exact to half a nano-dollar."""
    return _rounded(sum(tokens * rate for _, tokens, rate in _priced(usage, rates)))


def parts(usage: Usage, rates: Rates) -> list[Part]:
    """The kinds of tokens that occur, input first. Their costs add up to `cost`: each is rounded where it ends."""
    found, exact, told = [], 0, 0
    for kind, tokens, rate in _priced(usage, rates):
        exact += tokens * rate
        found.append(Part(kind, tokens, _rounded(exact) - told))
        told = _rounded(exact)
    return found


def _priced(usage: Usage, rates: Rates) -> Iterator[tuple[str, int, int]]:
    """Kind, tokens and rate of every kind that occurs.

    The parts of a total can't be more than the total: what is beyond it is cut off, in the order of the kinds.
    """
    left = usage.prompt_tokens
    for kind, counted, rate in (
        ("cached_input", usage.cached_tokens, rates.cached_input),
        ("cache_creation", usage.cache_creation_tokens, rates.cache_creation),
        ("audio_input", usage.audio_prompt_tokens, rates.audio_input),
        ("image_input", usage.image_prompt_tokens, rates.image_input),
    ):
        if counted > 0 and left > 0:
            tokens = min(counted, left)
            left -= tokens
            yield kind, tokens, rates.input if rate is None else rate
    if left > 0:
        yield "input", left, rates.input
    left = usage.completion_tokens
    for kind, counted, rate in (
        ("reasoning", usage.reasoning_tokens, rates.reasoning),
        ("audio_output", usage.audio_completion_tokens, rates.audio_output),
    ):
        if counted > 0 and left > 0:
            tokens = min(counted, left)
            left -= tokens
            yield kind, tokens, rates.output if rate is None else rate
    if left > 0:
        yield "output", left, rates.output


def _rounded(millionths: int) -> int:
    return (millionths + MILLION // 2) // MILLION
