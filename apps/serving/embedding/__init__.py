"""Texts as vectors: a hashing embedder that needs no model, and endpoints that serve one."""

from apps.serving.embedding.base import DIMENSIONS, Embedder, EmbeddingFailed, Vectors
from apps.serving.embedding.endpoint import EndpointEmbedder
from apps.serving.embedding.hashing import HashingEmbedder
from apps.serving.embedding.registry import DEFAULT_EMBEDDER, UnknownEmbedder, built_in_embedder, built_in_embedders

__all__ = [
    "DEFAULT_EMBEDDER",
    "DIMENSIONS",
    "Embedder",
    "EmbeddingFailed",
    "EndpointEmbedder",
    "HashingEmbedder",
    "UnknownEmbedder",
    "Vectors",
    "built_in_embedder",
    "built_in_embedders",
]
