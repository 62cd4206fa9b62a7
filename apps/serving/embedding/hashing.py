"""The default embedder: character n-grams hashed into 384 dimensions. It knows spelling, not meaning.

Words are padded with a blank on each side; their n-grams of 3 to 5 characters are hashed to a dimension and a sign
(Weinberger et al., Feature Hashing for Large Scale Multitask Learning, ICML 2009), counted and scaled to length 1.
Nothing is fitted and nothing loaded, and the same text has the same vector on every machine.
"""

import unicodedata
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from apps.serving.embedding.base import DIMENSIONS, Vectors, unit_rows

SIZES = (3, 4, 5)
BLANK = 32
# Longer texts are counted in pieces, so that their memory stays small.
PIECE = 65_536
# Odd 64-bit numbers: the golden ratio's and the two of MurmurHash3's finaliser.
_GOLDEN, _MIX_A, _MIX_B = 0x9E3779B97F4A7C15, 0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53
_FACTORS = [np.uint64(pow(_GOLDEN, power, 1 << 64)) for power in range(1, max(SIZES) + 1)]


class HashingEmbedder:
    name = "hash384-1"

    async def embed(self, texts: Sequence[str]) -> Vectors:
        return self.vectors(texts)

    def vectors(self, texts: Sequence[str]) -> Vectors:
        """The same without waiting for anything: a sentence takes some 50 microseconds."""
        rows = np.zeros((len(texts), DIMENSIONS), dtype=np.float32)
        for row, text in zip(rows, texts, strict=True):
            _count(text, row)
        return unit_rows(rows)


def _count(text: str, row: Vectors) -> None:
    """Add the signed n-grams of `text` to `row`."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    padded = f" {' '.join(plain.split())} "
    for start in range(0, len(padded), PIECE):
        hashes = _hashes(padded[start : start + PIECE])
        signs = 1.0 - 2.0 * (hashes >> np.uint64(63)).astype(np.float64)
        places = (hashes % np.uint64(DIMENSIONS)).astype(np.intp)
        row += np.bincount(places, weights=signs, minlength=DIMENSIONS).astype(np.float32)


def _hashes(padded: str) -> NDArray[np.uint64]:
    """One 64-bit hash for each n-gram that reaches across no blank."""
    codes = np.frombuffer(padded.encode("utf-32-le", "surrogatepass"), dtype="<u4").astype(np.uint64)
    blanks = np.concatenate(([0], np.cumsum(codes == BLANK)))
    found = [_of_size(codes, blanks, size) for size in SIZES if len(codes) >= size]
    return np.concatenate(found) if found else np.empty(0, dtype=np.uint64)


def _of_size(codes: NDArray[np.uint64], blanks: NDArray[np.int64], size: int) -> NDArray[np.uint64]:
    count = len(codes) - size + 1
    hashes = np.full(count, size, dtype=np.uint64)
    for place in range(size):
        hashes += codes[place : place + count] * _FACTORS[place]
    inside = blanks[size - 1 : size - 1 + count] - blanks[1 : 1 + count]
    return _mixed(hashes[inside == 0])


def _mixed(hashes: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """MurmurHash3's finaliser: every bit of the input reaches every bit of the output."""
    hashes ^= hashes >> np.uint64(33)
    hashes *= np.uint64(_MIX_A)
    hashes ^= hashes >> np.uint64(33)
    hashes *= np.uint64(_MIX_B)
    hashes ^= hashes >> np.uint64(33)
    return hashes
