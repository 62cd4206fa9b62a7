"""Cohere's embed (v2) behind embeddings."""

from typing import Any

import msgspec

from apps.serving.providers import embeddings
from apps.serving.providers.base import UNREADABLE, EmbeddingsCall
from apps.serving.providers.chat.completion import unreadable
from llmkit.usage import count


class _Vectors(msgspec.Struct):
    float_: list[list[float]] = msgspec.field(name="float")


class _Answer(msgspec.Struct):
    embeddings: _Vectors
    meta: dict[str, Any] | None = None


_decode = msgspec.json.Decoder(_Answer).decode


def translate(call: EmbeddingsCall) -> tuple[bytes, tuple[str, ...]]:
    wanted = embeddings.read_wanted(call)
    body: dict[str, Any] = {
        "model": call.upstream_model,
        "texts": embeddings.texts_of(wanted, "Cohere"),
        "input_type": call.members.get("input_type", "search_document"),
        "embedding_types": ["float"],
    }
    if wanted.dimensions is not None:
        body["output_dimension"] = wanted.dimensions
    return msgspec.json.encode(body), embeddings.left_out(call, "input_type")


def answer(call: EmbeddingsCall, body: bytes) -> bytes:
    try:
        found = _decode(body)
    except UNREADABLE:
        raise unreadable(body) from None
    billed = (found.meta or {}).get("billed_units")
    counted = billed if isinstance(billed, dict) else {}
    return embeddings.answer(call, found.embeddings.float_, count(counted, "input_tokens"), counted)
