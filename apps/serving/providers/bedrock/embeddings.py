"""Titan's and Cohere's embedding models on Bedrock, each with a request of its own."""

from typing import Any

import msgspec

from apps.serving.providers import embeddings
from apps.serving.providers.base import UNREADABLE, EmbeddingsCall, UnsupportedRequest
from apps.serving.providers.chat.completion import unreadable

_TITAN, _COHERE = "titan-embed", "cohere.embed"


class _Titan(msgspec.Struct, rename="camel"):
    embedding: list[float]
    input_text_token_count: int = 0


class _Cohere(msgspec.Struct):
    """`embeddings` is a list of vectors, or such a list by type where a type was asked for."""

    embeddings: list[list[float]] | dict[str, list[list[float]]]


_titan = msgspec.json.Decoder(_Titan).decode
_cohere = msgspec.json.Decoder(_Cohere).decode


def translate(call: EmbeddingsCall) -> tuple[bytes, tuple[str, ...]]:
    """The body of InvokeModel; UnsupportedRequest for a model of another family."""
    wanted = embeddings.read_wanted(call)
    model = call.upstream_model
    texts = embeddings.texts_of(wanted, "Bedrock")
    if _TITAN in model:
        if len(texts) > 1:
            raise UnsupportedRequest("input: Titan embeds one text per request.", "input")
        body: dict[str, Any] = {"inputText": texts[0]}
        if wanted.dimensions is not None:
            body["dimensions"] = wanted.dimensions
        return msgspec.json.encode(body), embeddings.left_out(call)
    if _COHERE not in model:
        raise UnsupportedRequest(f"model: {model} is neither a Titan nor a Cohere model for embeddings.", "model")
    body = {"texts": texts, "input_type": _input_type(call), "embedding_types": ["float"]}
    if wanted.dimensions is not None:
        body["output_dimension"] = wanted.dimensions
    return msgspec.json.encode(body), embeddings.left_out(call, "input_type")


def answer(call: EmbeddingsCall, body: bytes) -> bytes:
    """Cohere's models on Bedrock don't say how many tokens they read."""
    try:
        if _TITAN in call.upstream_model:
            titan = _titan(body)
            counted = {"inputTextTokenCount": titan.input_text_token_count}
            return embeddings.answer(call, [titan.embedding], titan.input_text_token_count, counted)
        found = _cohere(body).embeddings
        vectors = found.get("float", []) if isinstance(found, dict) else found
    except UNREADABLE:
        raise unreadable(body) from None
    return embeddings.answer(call, vectors, None, {})


def _input_type(call: EmbeddingsCall) -> Any:
    return call.members.get("input_type", "search_document")
