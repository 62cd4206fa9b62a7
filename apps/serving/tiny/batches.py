"""Documents as tensors: token ids, and how much each token counts in the loss."""

from dataclasses import dataclass
from random import Random
from typing import Any, Final

import torch

from apps.serving.tiny.corpus import Document, Mixture, documents
from apps.serving.tiny.tokenizer import ASSISTANT, END, PAD, SYSTEM, USER

QUESTION_WEIGHT: Final = 0.3
"""Weight of the text of users and systems; an answer counts 1. Full text is trained on, so that every embedding
has been predicted and a later LoRA can teach new labels."""

_BATCHES_PER_CHUNK: Final = 8
_MARKS: Final = {"system": SYSTEM, "user": USER, "assistant": ASSISTANT}


@dataclass(frozen=True)
class Batch:
    ids: torch.Tensor
    """(batch, length) int64, padded on the right"""
    weights: torch.Tensor
    """(batch, length) float32; the weight of predicting the token at this place, 0 for padding"""


def encode(document: Document, tokenizer: Any) -> tuple[list[int], list[float]]:
    """Token ids as the chat template would give them, and their weights."""
    if document.text:
        ids = [*tokenizer.encode(" " + document.text, add_special_tokens=False), END]
        return ids, [QUESTION_WEIGHT] * len(ids)
    ids, weights = [], []
    for message in document.messages:
        answer = message["role"] == "assistant"
        text = message["content"] if answer else " " + message["content"].strip()
        tokens = [*tokenizer.encode(text, add_special_tokens=False), END]
        ids += [_MARKS[message["role"]], *tokens]
        # The mark of the next speaker is given at generation time, so nothing is gained by predicting it.
        weights += [0.0, *([1.0 if answer else QUESTION_WEIGHT] * len(tokens))]
    return ids, weights


def collate(rows: list[tuple[list[int], list[float]]]) -> Batch:
    length = max(len(ids) for ids, _ in rows)
    return Batch(
        ids=torch.tensor([ids + [PAD] * (length - len(ids)) for ids, _ in rows]),
        weights=torch.tensor([weights + [0.0] * (length - len(weights)) for _, weights in rows]),
    )


class Batches:
    """Batch number `step`, the same for the same seed, whatever was asked for before; documents never repeat."""

    def __init__(self, tokenizer: Any, *, seed: int, size: int, mixture: Mixture) -> None:
        self._tokenizer = tokenizer
        self._seed = seed
        self._size = size
        self._mixture = mixture
        self._chunk = -1
        self._batches: list[Batch] = []

    def __getitem__(self, step: int) -> Batch:
        chunk, place = divmod(step, _BATCHES_PER_CHUNK)
        if chunk != self._chunk:
            self._chunk, self._batches = chunk, self._draw(chunk)
        return self._batches[place]

    def _draw(self, chunk: int) -> list[Batch]:
        """A chunk's documents sorted into batches of like length, which saves padding, in shuffled order."""
        seed = f"train:{self._seed}:{chunk}"
        drawn = documents(seed, self._size * _BATCHES_PER_CHUNK, self._mixture)
        rows = sorted((encode(document, self._tokenizer) for document in drawn), key=lambda row: len(row[0]))
        batches = [collate(rows[start : start + self._size]) for start in range(0, len(rows), self._size)]
        Random(seed).shuffle(batches)  # noqa: S311 - repeatable on purpose
        return batches
