"""Chooses the next token of every sequence of a batch.

Order as in vLLM: penalties, temperature, top-k, top-p, draw. Each sequence draws from its own generator, so that a
seed gives the same answer whatever else shares the batch.
"""

import random
from collections.abc import Sequence

import msgspec
import torch


class SamplingParams(msgspec.Struct, frozen=True, kw_only=True):
    """temperature 0 is greedy; top_k 0 and top_p 1 keep every token.

    repetition_penalty (CTRL, arXiv:1909.05858) acts on prompt and answer; frequency and presence penalty (OpenAI) on
    the answer alone.
    """

    temperature: float = 1.0
    top_p: float = 1.0
    top_k: int = 0
    seed: int | None = None
    repetition_penalty: float = 1.0
    frequency_penalty: float = 0.0
    presence_penalty: float = 0.0

    @property
    def penalises(self) -> bool:
        return self.repetition_penalty != 1 or self.frequency_penalty != 0 or self.presence_penalty != 0


class Sampler:
    """One sequence's share in the sampling: its parameters, its generator and what it has said so far."""

    def __init__(self, params: SamplingParams, prompt: Sequence[int]) -> None:
        self.params = params
        self.random = random.Random(params.seed)  # noqa: S311 - draws tokens, guards nothing
        self._prompt = prompt
        self._counts: torch.Tensor | None = None
        self._seen: torch.Tensor | None = None

    def penalise(self, logits: torch.Tensor) -> torch.Tensor:
        """logits: [vocabulary]; returns them with the penalties applied."""
        counts, seen = self._history(logits)
        factor = self.params.repetition_penalty
        punished = torch.where(logits < 0, logits * factor, logits / factor)
        logits = torch.where(seen, punished, logits)
        return logits - self.params.frequency_penalty * counts - self.params.presence_penalty * (counts > 0)

    def remember(self, token: int) -> None:
        if self._counts is not None and self._seen is not None:
            self._counts[token] += 1
            self._seen[token] = True

    def _history(self, logits: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        if self._counts is None or self._seen is None:
            self._counts = torch.zeros_like(logits)
            self._seen = torch.zeros_like(logits, dtype=torch.bool)
            self._seen[torch.tensor(self._prompt, device=logits.device)] = True
        return self._counts, self._seen


def choose_tokens(logits: torch.Tensor, samplers: Sequence[Sampler]) -> tuple[list[int], list[float]]:
    """logits: [batch, vocabulary], float32; returns one token id per row and what the model itself thinks of it.

    That is the token's log-probability before penalties and temperature.
    """
    own = logits.clone() if any(sampler.params.penalises for sampler in samplers) else logits
    for row, sampler in enumerate(samplers):
        if sampler.params.penalises:
            logits[row] = sampler.penalise(logits[row])
    tokens: list[int] = logits.argmax(dim=-1).tolist()
    drawing = [row for row, sampler in enumerate(samplers) if sampler.params.temperature > 0]
    if drawing:
        drawn = _draw(logits[drawing], [samplers[row] for row in drawing])
        for row, token in zip(drawing, drawn, strict=True):
            tokens[row] = token
    for sampler, token in zip(samplers, tokens, strict=True):
        sampler.remember(token)
    chosen = own.gather(-1, torch.tensor(tokens, device=own.device)[:, None])[:, 0]
    certainty: list[float] = (chosen - own.logsumexp(dim=-1)).tolist()
    return tokens, certainty


def _draw(logits: torch.Tensor, samplers: Sequence[Sampler]) -> list[int]:
    """Inverse transform sampling over the tokens sorted by probability."""
    device = logits.device
    scaled = logits / _column([max(s.params.temperature, 1e-5) for s in samplers], device)
    scores, order = scaled.sort(dim=-1, descending=True, stable=True)
    rank = torch.arange(scores.shape[-1], device=device)
    top_k = _column([s.params.top_k or scores.shape[-1] for s in samplers], device)
    probabilities = scores.masked_fill(rank >= top_k, float("-inf")).softmax(dim=-1)
    before = probabilities.cumsum(dim=-1) - probabilities
    outside = before >= _column([s.params.top_p for s in samplers], device)
    outside[:, 0] = False
    nucleus = probabilities.masked_fill(outside, 0).cumsum(dim=-1)
    aim = _column([s.random.random() for s in samplers], device) * nucleus[:, -1:]
    place = (nucleus <= aim).sum(dim=-1, keepdim=True).clamp_(max=scores.shape[-1] - 1)
    chosen: list[int] = order.gather(-1, place)[:, 0].tolist()
    return chosen


def _column(values: list[float] | list[int], device: torch.device) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.float32, device=device)[:, None]
