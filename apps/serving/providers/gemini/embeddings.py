"""Gemini's batchEmbedContents behind embeddings."""

from typing import Any

import msgspec

from apps.serving.providers import embeddings
from apps.serving.providers.base import UNREADABLE, EmbeddingsCall
from apps.serving.providers.chat.completion import unreadable
from llmkit.usage import count

_TASK = "task_type"


class _Embedding(msgspec.Struct):
    values: list[float]


class _Answer(msgspec.Struct, rename="camel"):
    embeddings: list[_Embedding]
    usage_metadata: dict[str, Any] | None = None


_decode = msgspec.json.Decoder(_Answer).decode


def translate(call: EmbeddingsCall, model: str) -> tuple[bytes, tuple[str, ...]]:
    """`model` with the collection it is in, such as models/gemini-embedding-001."""
    wanted = embeddings.read_wanted(call)
    more: dict[str, Any] = {}
    if wanted.dimensions is not None:
        more["outputDimensionality"] = wanted.dimensions
    if _TASK in call.members:
        more["taskType"] = call.members[_TASK]
    requests = [
        {"model": model, "content": {"parts": [{"text": text}]}, **more}
        for text in embeddings.texts_of(wanted, "Gemini")
    ]
    return msgspec.json.encode({"requests": requests}), embeddings.left_out(call, _TASK)


def answer(call: EmbeddingsCall, body: bytes) -> bytes:
    try:
        found = _decode(body)
    except UNREADABLE:
        raise unreadable(body) from None
    counted = found.usage_metadata or {}
    vectors = [embedding.values for embedding in found.embeddings]
    return embeddings.answer(call, vectors, count(counted, "promptTokenCount"), counted)
