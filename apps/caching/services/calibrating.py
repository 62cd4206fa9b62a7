"""What each threshold would do with a route's own questions."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from apps.caching.domain.calibration import THRESHOLDS, Match, Pair, Point, curve, matches, suggested
from apps.caching.domain.canonical import canonical_bytes
from apps.caching.domain.judging import SAME_FROM, same_json
from apps.caching.domain.policy import LEXICAL
from apps.caching.engine.embedders import EmbeddingFailed, UnknownEmbedder, Vectors, embedder_for
from apps.caching.models import CachePolicy
from apps.caching.queries import samples_of
from apps.datasets.models import DatasetVersion
from apps.datasets.queries import examples_of
from apps.serving.services import HttpClient
from apps.tracing.domain.window import last
from apps.tracing.queries import TraceFilter, list_traces, spoken_in
from llmkit import clock

MOST_PAIRS: Final = 400
TRACES_AT_ONCE: Final = 200
FALSE_SHOWN: Final = 10


class Source(StrEnum):
    """Where questions and answers come from."""

    TRACES = "traces"
    DATASET = "dataset"
    SAMPLES = "samples"


class CannotCalibrate(Exception):
    """There is nothing to calibrate with; the message says what is missing."""


@dataclass(frozen=True)
class Calibration:
    """points: from the lowest threshold to the highest; suggestion: None where no threshold keeps to the budget.

    false: some of the matches that would have been wrong at the policy's threshold or above, the nearest first.
    """

    source: Source
    questions: int
    points: list[Point]
    suggestion: Point | None
    false: list[Match]


def calibrate(*, policy: CachePolicy, source: Source, dataset_version: DatasetVersion | None = None) -> Calibration:
    """CannotCalibrate where the source has too little or the route's embedder can't be had."""
    if source == Source.SAMPLES:
        return _of_matches(policy, source, *_from_samples(policy))
    pairs = _from_dataset(dataset_version) if source == Source.DATASET else _from_traces(policy)
    if len(pairs) < 2:
        raise CannotCalibrate("There are not two answered questions here to compare.")
    questions, answers = _embed(policy, [pair.question for pair in pairs], [pair.answer for pair in pairs])
    found = matches(pairs, questions, _same_answers(pairs, answers), word_by_word=policy.embedder == LEXICAL)
    return _of_matches(policy, source, found, len(pairs))


def _of_matches(policy: CachePolicy, source: Source, found: Sequence[Match], questions: int) -> Calibration:
    points = curve(found, questions)
    wrong = [match for match in found if not match.same and match.similarity >= policy.threshold]
    wrong.sort(key=lambda match: -match.similarity)
    return Calibration(source, questions, points, suggested(points, policy.false_hit_budget), wrong[:FALSE_SHOWN])


def _from_samples(policy: CachePolicy) -> tuple[list[Match], int]:
    samples = samples_of(policy)[:MOST_PAIRS]
    found = [Match(each.question, each.known, each.similarity, bool(each.same)) for each in samples]
    if not found:
        raise CannotCalibrate("No hit was sampled and judged yet.")
    return found, len(found)


def _from_dataset(version: DatasetVersion | None) -> list[Pair]:
    if version is None:
        raise CannotCalibrate("Choose a version of a dataset.")
    examples = examples_of(version)[:MOST_PAIRS]
    return [pair for each in examples if (pair := _pair(each.prompt, each.answer))]


def _from_traces(policy: CachePolicy) -> list[Pair]:
    """The newest answered questions of the route, the oldest of them first."""
    chosen = TraceFilter(window=last("30d", clock.now()), route=policy.route)
    pairs: list[Pair] = []
    spans = list_traces(policy.project, chosen, limit=MOST_PAIRS).rows
    for start in range(0, len(spans), TRACES_AT_ONCE):
        said = spoken_in(policy.project, spans[start : start + TRACES_AT_ONCE])
        pairs.extend(pair for each in said if (pair := _pair(each.messages, each.answer)))
    return pairs[::-1]


def _pair(messages: Sequence[dict[str, Any]], answer: str) -> Pair | None:
    """None unless the user said the last word and it was answered in words."""
    if not messages or messages[-1].get("role") != "user" or not answer.strip():
        return None
    return Pair(str(messages[-1]["content"]), answer, canonical_bytes(list(messages[:-1])).decode())


def _embed(policy: CachePolicy, questions: Sequence[str], answers: Sequence[str]) -> tuple[Vectors, Vectors]:
    client = HttpClient()
    try:
        embedder = embedder_for(policy, client)

        async def both() -> tuple[Vectors, Vectors]:
            try:
                return await embedder.embed(questions), await embedder.embed(answers)
            finally:
                await client.aclose()

        return asyncio.run(both())
    except (EmbeddingFailed, UnknownEmbedder) as error:
        raise CannotCalibrate(f"The embedder of this route can't be used: {error}") from error


def _same_answers(pairs: Sequence[Pair], answers: Vectors) -> NDArray[np.bool_]:
    """For each two answers whether they say the same: by their fields if they are JSON, else by their vectors."""
    same: NDArray[np.bool_] = (answers @ answers.T) >= SAME_FROM
    structured = [place for place, pair in enumerate(pairs) if same_json(pair.answer, pair.answer)]
    for one in structured:
        for other in range(len(pairs)):
            same[one, other] = same[other, one] = bool(same_json(pairs[one].answer, pairs[other].answer))
    return same


__all__ = ["THRESHOLDS", "Calibration", "CannotCalibrate", "Source", "calibrate"]
