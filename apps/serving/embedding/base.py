"""What every embedder does."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

# One size for all, so that one column of the database holds the vectors of any embedder.
DIMENSIONS = 384

Vectors = NDArray[np.float32]


class EmbeddingFailed(Exception):
    """No vectors came back; the message says why, without credentials."""


class Embedder(Protocol):
    """`name` stands beside each stored vector: whatever changes a vector changes the name too."""

    @property
    def name(self) -> str: ...

    async def embed(self, texts: Sequence[str]) -> Vectors:
        """Shape (len(texts), DIMENSIONS), rows of length 1; zeros for a text with nothing in it. EmbeddingFailed."""
        ...


def unit_rows(rows: Vectors) -> Vectors:
    """The same directions with length 1; rows of zeros stay."""
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return (rows / np.where(lengths > 0, lengths, 1)).astype(np.float32)
