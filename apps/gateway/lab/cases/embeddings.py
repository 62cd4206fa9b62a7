"""Embeddings (27)."""

import base64
import struct
from typing import Any

from apps.gateway.lab.cases.group import Group
from apps.gateway.lab.cases.reading import openai_error
from apps.gateway.lab.checks import Failed, equal
from apps.gateway.lab.client import Answer
from apps.gateway.lab.provider.dialects.embeddings import encoded, vector_of
from apps.gateway.lab.trial import Trial

group = Group("Embeddings")
case = group.case


@case("embed-text", 27, "One text: one vector of numbers")
async def text(trial: Trial) -> None:
    asked = trial.marker()
    equal(_vectors(await trial.good(trial.embedding(asked))), [vector_of(asked)], "the vectors")


@case("embed-list", 27, "Several texts: their vectors, in order")
async def several(trial: Trial) -> None:
    asked = ["Ahoy", "über 海", trial.marker()]
    equal(_vectors(await trial.good(trial.embedding(asked))), [vector_of(one) for one in asked], "the vectors")


@case("embed-tokens", 27, "Token lists instead of texts")
async def tokens(trial: Trial) -> None:
    asked: list[Any]
    for asked, count in (([1, 2, 3], 1), ([[1, 2], [3]], 2)):
        answer = await trial.good(trial.embedding(asked, user=trial.marker()))
        equal(len(_vectors(answer)), count, f"the number of vectors for {asked}")


@case("embed-base64", 27, "encoding_format=base64 gives packed float32", "The official SDKs ask for it unasked.")
async def packed(trial: Trial) -> None:
    asked = trial.marker()
    answer = await trial.good(trial.embedding(asked, encoding_format="base64"))
    equal([row["embedding"] for row in answer.json["data"]], [encoded(vector_of(asked))], "the packed vectors")


@case("embed-base64-refused", 27, "The same from a provider that only knows numbers")
async def packed_from_floats(trial: Trial) -> None:
    asked = trial.marker("good", {"floats": 1})
    answer = await trial.good(trial.embedding(asked, encoding_format="base64"))
    equal(_vectors(answer), [vector_of(asked)], "the vectors, packed or not")


@case("embed-dimensions", 27, "dimensions reach the provider")
async def dimensions(trial: Trial) -> None:
    answer = await trial.good(trial.embedding(trial.marker(), dimensions=3))
    equal([len(vector) for vector in _vectors(answer)], [3], "the lengths of the vectors")


@case("embed-usage", 27, "The usage comes along")
async def usage(trial: Trial) -> None:
    asked = trial.marker()
    answer = await trial.good(trial.embedding(asked))
    equal((answer.json.get("usage") or {}).get("prompt_tokens"), len(asked), "prompt_tokens")


@case("embed-error", 27, "The provider's error comes in OpenAI's shape")
async def error(trial: Trial) -> None:
    openai_error(await trial.ask(trial.embedding(trial.marker("status", {"code": 400}))), 400)


@case("embed-empty", 27, "An empty input is a 400")
async def empty(trial: Trial) -> None:
    asked: Any
    for asked in ([], ""):
        openai_error(await trial.ask(trial.embedding(asked)), 400, 422)


def _vectors(answer: Answer) -> list[list[float]]:
    rows = answer.json.get("data")
    if not isinstance(rows, list):
        raise Failed(f"no vectors in {answer}")
    return [_numbers(row["embedding"]) for row in rows]


def _numbers(embedding: list[float] | str) -> list[float]:
    if isinstance(embedding, list):
        return embedding
    raw = base64.b64decode(embedding)
    return list(struct.unpack(f"<{len(raw) // 4}f", raw))
