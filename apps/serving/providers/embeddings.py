"""Embeddings: what a request asks for, and answers in OpenAI's shape."""

import base64
import struct
from collections.abc import Sequence
from typing import Any

import msgspec

from apps.serving.providers.base import UNREADABLE, EmbeddingsCall, UnsupportedRequest

_encode = msgspec.json.Encoder().encode
_KNOWN = frozenset(("model", "input", "encoding_format", "dimensions"))
_NEUTRAL = (b"null", b'""')


class Wanted(msgspec.Struct):
    """`input` is one text, or a list of texts, of token numbers or of lists of them; `dimensions` None for the
    model's own."""

    input: str | list[str | int | list[int]]
    encoding_format: str | None = None
    dimensions: int | None = None


def read_wanted(call: EmbeddingsCall) -> Wanted:
    """The call's request; UnsupportedRequest naming the member that isn't as it has to be."""
    wanted = Wanted(
        _read(call, "input", str | list[str | int | list[int]]),
        _read(call, "encoding_format", str | None),
        _read(call, "dimensions", int | None),
    )
    if wanted.encoding_format not in (None, "float", "base64"):
        problem = f"encoding_format: {wanted.encoding_format!r} is neither float nor base64."
        raise UnsupportedRequest(problem, "encoding_format")
    if wanted.dimensions is not None and wanted.dimensions < 1:
        raise UnsupportedRequest("dimensions: this has to be at least 1.", "dimensions")
    return wanted


def texts_of(wanted: Wanted, provider: str) -> list[str]:
    """The texts to embed; UnsupportedRequest for token numbers, which mean something to OpenAI's tokenizer only."""
    given = [wanted.input] if isinstance(wanted.input, str) else wanted.input
    texts = [text for text in given if isinstance(text, str)]
    if len(texts) < len(given):
        raise UnsupportedRequest(f"input: {provider} takes texts, not token numbers.", "input")
    if not texts or not all(texts):
        raise UnsupportedRequest("input: there has to be a text to embed, and none may be empty.", "input")
    return texts


def left_out(call: EmbeddingsCall, *known: str) -> tuple[str, ...]:
    """The members that the provider has no equivalent for."""
    taken = _KNOWN.union(known)
    return tuple(name for name, value in call.members.items() if name not in taken and bytes(value) not in _NEUTRAL)


def answer(
    call: EmbeddingsCall, vectors: Sequence[Sequence[float]], tokens: int | None, counted: dict[str, Any]
) -> bytes:
    """The list of embeddings in the encoding that the call asks for; without a usage if nobody counted `tokens`.

    `counted` is what the provider itself said about that.
    """
    wanted = read_wanted(call)
    as_text = wanted.encoding_format == "base64"
    data = [
        {"object": "embedding", "index": index, "embedding": _base64(vector) if as_text else vector}
        for index, vector in enumerate(vectors)
    ]
    usage = None if tokens is None else {"prompt_tokens": tokens, "total_tokens": tokens, "provider_usage": counted}
    return _encode({"object": "list", "data": data, "model": call.upstream_model, "usage": usage})


def _base64(vector: Sequence[float]) -> str:
    """Little-endian 32-bit floats, as OpenAI sends them."""
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()


def _read(call: EmbeddingsCall, name: str, kind: Any) -> Any:
    try:
        return msgspec.json.decode(call.members.get(name, b"null"), type=kind)
    except UNREADABLE as error:
        raise UnsupportedRequest(f"{name}: {error}.", name) from None
