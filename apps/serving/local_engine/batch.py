"""The sequences of one model that are being served, advanced one token at a time."""

from typing import Any

import torch

from apps.serving.local_engine.generation import Running
from apps.serving.local_engine.model import LoadedModel
from apps.serving.local_engine.sampling import choose_tokens
from apps.serving.local_engine.scheduler import Delivery
from apps.serving.local_engine.sequence import Sequence, now_ns

# A long prompt is read in pieces, so that it delays the next token of the others by little.
PREFILL_TOKENS = 512


class Batch:
    """Continuous batching: sequences join and leave between two steps. Belongs to the generation thread."""

    def __init__(self, model: LoadedModel) -> None:
        self.model = model
        self.reading: list[Sequence] = []
        self.generating: list[Sequence] = []
        self.running: Running = model.running()

    @property
    def size(self) -> int:
        return len(self.reading) + len(self.generating)

    def join(self, sequence: Sequence) -> None:
        sequence.stamps.started = now_ns()
        self.reading.append(sequence)

    def step(self) -> list[Delivery]:
        """Read up to PREFILL_TOKENS of new prompts and add one token to every generating sequence."""
        self._drop_cancelled()
        return self._generate() + self._read_prompts()

    def empty(self) -> list[Sequence]:
        """Give up every sequence and its cache; returns those that were still wanted."""
        given_up = [sequence for sequence in self.reading + self.generating if not sequence.cancelled]
        self.reading, self.generating = [], []
        self.running = self.model.running()
        return given_up

    def _drop_cancelled(self) -> None:
        self.reading = [sequence for sequence in self.reading if not sequence.cancelled]
        for row in reversed(range(len(self.generating))):
            if self.generating[row].cancelled:
                self._leave(row)

    def _read_prompts(self) -> list[Delivery]:
        budget = PREFILL_TOKENS
        deliveries = []
        while self.reading and budget > 0:
            sequence = self.reading[0]
            piece = sequence.plan.prompt[sequence.prefilled : sequence.prefilled + budget]
            budget -= len(piece)
            logits = self._read(sequence, piece)
            if sequence.prefilled == len(sequence.plan.prompt):
                deliveries.append(self._begin(self.reading.pop(0), logits))
        return deliveries

    def _read(self, sequence: Sequence, piece: list[int]) -> torch.Tensor:
        forward = self.model.forward
        if sequence.cache is None:
            sequence.cache = forward.new_cache()
        logits = forward.prefill(piece, sequence.cache, sequence.prefilled)
        sequence.prefilled += len(piece)
        return logits

    def _begin(self, sequence: Sequence, logits: torch.Tensor) -> Delivery:
        cache: Any = sequence.cache
        sequence.cache = None
        tokens, certainty = choose_tokens(logits, [sequence.sampler])
        output = sequence.accept(tokens[0], certainty[0])
        if not output.finish:
            self.running.adopt(cache, sequence.prefilled)
            self.generating.append(sequence)
        return sequence, output

    def _generate(self) -> list[Delivery]:
        if not self.generating:
            return []
        logits = self.running.step([sequence.last_token for sequence in self.generating])
        tokens, certainty = choose_tokens(logits, [sequence.sampler for sequence in self.generating])
        rows = zip(self.generating, tokens, certainty, strict=True)
        deliveries = [(sequence, sequence.accept(token, sure)) for sequence, token, sure in rows]
        for row in reversed(range(len(deliveries))):
            if deliveries[row][1].finish:
                self._leave(row)
        return deliveries

    def _leave(self, row: int) -> None:
        self.running.drop(row)
        last = self.generating.pop()
        if row < len(self.generating):
            self.generating[row] = last
