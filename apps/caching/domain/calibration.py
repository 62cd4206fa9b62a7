"""What a threshold would have done with questions whose answers are known."""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from apps.caching.domain.guard import disagreement
from llmkit.statistics import Interval, wilson_interval

THRESHOLDS: Final = tuple(round(0.70 + 0.01 * step, 2) for step in range(31))
# How many of the nearest questions are looked at before the guard has refused them all; as the cache does.
NEAREST: Final = 5


class Pair(NamedTuple):
    """A question and its answer. partition: whatever else has to be equal for one to answer the other."""

    question: str
    answer: str
    partition: str = ""


class Match(NamedTuple):
    """A question that an earlier one would have answered, and whether that answer would have done."""

    question: str
    earlier: str
    similarity: float
    same: bool


class Point(NamedTuple):
    """At one threshold: how many of all questions would have been hits, and how many of these false."""

    threshold: float
    questions: int
    hits: int
    false: int

    @property
    def hit_rate(self) -> float:
        return self.hits / self.questions if self.questions else 0.0

    @property
    def false_rate(self) -> float | None:
        return self.false / self.hits if self.hits else None

    @property
    def interval(self) -> Interval:
        return wilson_interval(self.false, self.hits)


def matches(
    pairs: Sequence[Pair],
    vectors: NDArray[np.float32],
    same: "NDArray[np.bool_]",
    *,
    word_by_word: bool,
    least: float = THRESHOLDS[0],
) -> list[Match]:
    """For each question in order, the nearest earlier one of its partition that the guard lets through.

    `vectors`: one row of length 1 per question; `same[i, j]`: whether the answers i and j say the same.
    """
    nearness = vectors @ vectors.T
    found = []
    for late in range(1, len(pairs)):
        asked = pairs[late]
        for early in np.argsort(-nearness[late, :late], kind="stable")[: NEAREST * 4]:
            similarity, known = float(nearness[late, early]), pairs[early]
            if similarity < least:
                break
            # An equal question is the exact cache's business.
            if known.partition != asked.partition or known.question == asked.question:
                continue
            if not disagreement(asked.question, known.question, word_by_word=word_by_word):
                found.append(Match(asked.question, known.question, similarity, bool(same[late, early])))
                break
    return found


def curve(found: Sequence[Match], questions: int, thresholds: Sequence[float] = THRESHOLDS) -> list[Point]:
    """From low to high."""
    return [
        Point(
            threshold,
            questions,
            sum(match.similarity >= threshold for match in found),
            sum(match.similarity >= threshold and not match.same for match in found),
        )
        for threshold in thresholds
    ]


def suggested(points: Sequence[Point], budget: float) -> Point | None:
    """The lowest threshold from which on upwards every observed false-hit rate is within the budget.

    None where no threshold has hits that keep to it.
    """
    best = None
    for point in reversed(points):
        if point.hits and point.false / point.hits > budget:
            break
        best = point if point.hits else best
    return best
