"""OpenAI's embeddings: vectors that follow from the input alone, so that a case can work them out too."""

import base64
import hashlib
import struct
from typing import Any

from apps.gateway.lab.provider.dialects.content import MODEL, Content

DIMENSIONS = 8
MAX_DIMENSIONS = 4096


def body(content: Content) -> dict[str, Any]:
    """With the option `floats` the provider ignores the wish for base64, as some do."""
    inputs = inputs_of(content.wants("input"))
    asked = content.wants("dimensions")
    dimensions = min(asked, MAX_DIMENSIONS) if isinstance(asked, int) else DIMENSIONS
    packed = content.wants("encoding_format") == "base64" and "floats" not in content.marker.options
    vectors = [vector_of(text, dimensions) for text in inputs]
    rows = [_row(index, encoded(vector) if packed else vector) for index, vector in enumerate(vectors)]
    counted = sum(len(text) for text in inputs)
    spent = {"prompt_tokens": counted, "total_tokens": counted}
    return {"object": "list", "data": rows, "model": MODEL, "usage": spent}


def inputs_of(value: Any) -> list[str]:
    """The inputs of a request, token lists as their text."""
    if not isinstance(value, list):
        return [str(value)]
    if value and isinstance(value[0], int):
        return [str(value)]
    return [str(one) for one in value]


def vector_of(text: str, dimensions: int = DIMENSIONS) -> list[float]:
    """Numbers in [-1, 1) that float32 holds exactly."""
    digest = hashlib.shake_128(text.encode()).digest(dimensions)
    return [(byte - 128) / 128 for byte in digest]


def encoded(vector: list[float]) -> str:
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()


def _row(index: int, embedding: list[float] | str) -> dict[str, Any]:
    return {"object": "embedding", "index": index, "embedding": embedding}
