"""Mistral's embeddings behind OpenAI's."""

from typing import Any

import msgspec

from apps.serving.providers import embeddings
from apps.serving.providers.base import UNREADABLE, EmbeddingsCall
from apps.serving.providers.chat.completion import unreadable
from llmkit.usage import count

_OWN = ("output_dtype", "metadata")


class _Embedding(msgspec.Struct):
    embedding: list[float]
    index: int = 0


class _Answer(msgspec.Struct):
    data: list[_Embedding]
    usage: dict[str, Any] = {}


_decode = msgspec.json.Decoder(_Answer).decode


def translate(call: EmbeddingsCall) -> tuple[bytes, tuple[str, ...]]:
    wanted = embeddings.read_wanted(call)
    body: dict[str, Any] = {"model": call.upstream_model, "input": embeddings.texts_of(wanted, "Mistral")}
    if wanted.dimensions is not None:
        body["output_dimension"] = wanted.dimensions
    body |= {name: call.members[name] for name in _OWN if name in call.members}
    return msgspec.json.encode(body), embeddings.left_out(call, *_OWN)


def answer(call: EmbeddingsCall, body: bytes) -> bytes:
    try:
        found = _decode(body)
    except UNREADABLE:
        raise unreadable(body) from None
    vectors = [entry.embedding for entry in sorted(found.data, key=lambda entry: entry.index)]
    return embeddings.answer(call, vectors, count(found.usage, "prompt_tokens"), found.usage)
