"""Whether an answer would still be right for somebody else, or tomorrow: logistic regression over hashed grams."""

import math
import sys
from array import array
from typing import NamedTuple

import msgspec

from apps.caching.domain.features import BUCKETS, grams_of, place_of


class Contribution(NamedTuple):
    """What one word or pair adds to the log-odds of being volatile."""

    gram: str
    weight: float


class Classifier(msgspec.Struct, frozen=True):
    """P(volatile) = 1 / (1 + exp(-(bias + sum of weights / sqrt(number of grams)))). weights: BUCKETS floats."""

    weights: "array[float]"
    bias: float

    def probability(self, text: str) -> float:
        """That the answer to `text` is personal or soon out of date, from 0 to 1."""
        grams = grams_of(text)
        if not grams:
            return 0.0
        weights, total = self.weights, 0.0
        for gram in grams:
            bucket, sign = place_of(gram)
            total += sign * weights[bucket]
        return _logistic(self.bias + total / math.sqrt(len(grams)))

    def contributions(self, text: str) -> list[Contribution]:
        """What each gram of `text` adds, the strongest first."""
        grams = grams_of(text)
        scale = math.sqrt(len(grams)) if grams else 1.0
        found = [Contribution(gram, self.weight_of(gram) / scale) for gram in grams]
        return sorted(found, key=lambda each: -abs(each.weight))

    def weight_of(self, gram: str) -> float:
        bucket, sign = place_of(gram)
        return sign * self.weights[bucket]

    def to_bytes(self) -> bytes:
        """Little-endian 32-bit floats."""
        return _little_endian(self.weights).tobytes()


def classifier_from_bytes(weights: bytes, bias: float) -> Classifier:
    """ValueError unless there are BUCKETS weights."""
    values = array("f")
    values.frombytes(weights)
    if len(values) != BUCKETS:
        raise ValueError(f"A classifier has {BUCKETS} weights, not {len(values)}.")
    return Classifier(_little_endian(values), bias)


def _little_endian(values: "array[float]") -> "array[float]":
    swapped = array("f", values)
    if sys.byteorder == "big":
        swapped.byteswap()
    return swapped


def _logistic(x: float) -> float:
    return 1 / (1 + math.exp(-x)) if x >= 0 else math.exp(x) / (1 + math.exp(x))
