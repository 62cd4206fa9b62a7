"""The forward passes: prompts into key/value caches, and one more token for every running sequence."""

import inspect
from typing import Any, Protocol

import torch
from transformers.cache_utils import Cache, DynamicCache, DynamicLayer

from apps.serving.local_engine.kvcache import SlotCache


class Forward:
    """Calls a causal language model with the arguments that its architecture knows."""

    def __init__(self, module: Any, device: torch.device) -> None:
        self.module, self.device = module, device
        self.accepted = frozenset(inspect.signature(module.forward).parameters)

    def __call__(
        self, ids: torch.Tensor, positions: torch.Tensor, cache: Cache, mask: torch.Tensor | None = None
    ) -> torch.Tensor:
        """ids, positions: [batch, tokens]; returns the logits behind the last token, [batch, vocabulary], float32."""
        offered: dict[str, Any] = {"position_ids": positions, "attention_mask": mask, "logits_to_keep": 1}
        known = {name: value for name, value in offered.items() if name in self.accepted}
        output = self.module(input_ids=ids, past_key_values=cache, use_cache=True, **known)
        logits: torch.Tensor = output.logits[:, -1].float()
        return logits

    def new_cache(self) -> DynamicCache:
        return DynamicCache(config=self.module.config)

    def prefill(self, ids: list[int], cache: Cache, done: int = 0) -> torch.Tensor:
        """Append `ids` to a sequence of `done` tokens; logits behind the last one, [1, vocabulary]."""
        positions = torch.arange(done, done + len(ids), device=self.device)[None]
        return self(torch.tensor([ids], device=self.device), positions, cache)


class Running(Protocol):
    """The sequences that generate, in the order of the rows of a step."""

    def adopt(self, cache: DynamicCache, length: int) -> None:
        """Take a prefilled sequence of `length` tokens as the last row."""

    def drop(self, row: int) -> None:
        """Remove row `row`; the last row takes its place."""

    def step(self, tokens: list[int]) -> torch.Tensor:
        """Append one token to every row; logits behind them, [rows, vocabulary]."""


class Batched:
    """All rows in one forward pass."""

    def __init__(self, forward: Forward) -> None:
        self.forward = forward
        self.cache = SlotCache(len(forward.new_cache().layers))

    def adopt(self, cache: DynamicCache, length: int) -> None:
        self.cache.adopt(cache, length)

    def drop(self, row: int) -> None:
        self.cache.drop(row)

    def step(self, tokens: list[int]) -> torch.Tensor:
        device = self.forward.device
        positions = self.cache.shared.begin_step(device)
        ids = torch.tensor(tokens, device=device)[:, None]
        return self.forward(ids, positions, self.cache, self.cache.shared.mask(device))


class Alternating:
    """One forward pass per row, for caches that cannot stand side by side (sliding windows, recurrent state)."""

    def __init__(self, forward: Forward) -> None:
        self.forward = forward
        self.rows: list[tuple[DynamicCache, int]] = []

    def adopt(self, cache: DynamicCache, length: int) -> None:
        self.rows.append((cache, length))

    def drop(self, row: int) -> None:
        last = self.rows.pop()
        if row < len(self.rows):
            self.rows[row] = last

    def step(self, tokens: list[int]) -> torch.Tensor:
        pairs = zip(tokens, self.rows, strict=True)
        logits = [self.forward.prefill([token], cache, length) for token, (cache, length) in pairs]
        self.rows = [(cache, length + 1) for cache, length in self.rows]
        return torch.cat(logits)


def batches_faithfully(forward: Forward, vocabulary: int) -> bool:
    """Whether this architecture gives the same logits with other sequences beside it as it does alone.

    Tried out instead of known from a list: two prompts of different lengths, two steps each way. It is also the
    warm-up, so that the first request does not pay for what torch prepares on first use.
    """
    layers = forward.new_cache().layers
    if "position_ids" not in forward.accepted or not layers or any(type(layer) is not DynamicLayer for layer in layers):
        return False
    prompts = [[token % vocabulary for token in range(7, 7 + length)] for length in (9, 4)]
    together, alone = Batched(forward), Alternating(forward)
    for prompt in prompts:
        for running in (together, alone):
            cache = forward.new_cache()
            forward.prefill(prompt, cache)
            running.adopt(cache, len(prompt))
    steps = [(together.step(tokens), alone.step(tokens)) for tokens in ([5, 6], [3, 4])]
    return all(_alike(batched, single) for batched, single in steps)


def _alike(left: torch.Tensor, right: torch.Tensor) -> bool:
    spread = float(right.max() - right.min())
    return float((left - right).abs().max()) <= 0.02 * spread + 1e-6
