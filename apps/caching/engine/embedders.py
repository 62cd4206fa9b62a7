"""Who turns the questions of a route into vectors."""

from collections.abc import Callable

from apps.caching.domain.policy import DIMENSIONS, LEXICAL, MODEL_PREFIX, RoutePolicy
from apps.caching.models import CachePolicy
from apps.serving.queries import callable_models_of
from apps.serving.services import (
    Embedder,
    EmbeddingFailed,
    EndpointEmbedder,
    HttpClient,
    UnknownEmbedder,
    UpstreamUnusable,
    Vectors,
    built_in_embedder,
    upstream_of,
)

__all__ = [
    "DIMENSIONS",
    "LEXICAL",
    "Embedder",
    "EmbedderOf",
    "EmbeddingFailed",
    "UnknownEmbedder",
    "Vectors",
    "built_in_embedder_of",
    "embedder_for",
]

# EmbeddingFailed or UnknownEmbedder where a route's embedder can't be had.
EmbedderOf = Callable[[RoutePolicy], Embedder]


def built_in_embedder_of(policy: RoutePolicy) -> Embedder:
    """For processes that call no models; UnknownEmbedder for a route whose embedder is one."""
    return built_in_embedder(policy.embedder)


def embedder_for(policy: CachePolicy, client: HttpClient) -> Embedder:
    """The route's embedder, from the catalogue where it is a model. `client` belongs to the running event loop."""
    if not policy.embedder.startswith(MODEL_PREFIX):
        return built_in_embedder(policy.embedder)
    name = policy.embedder.removeprefix(MODEL_PREFIX)
    model = callable_models_of(policy.project).filter(name=name).first()
    if model is None:
        raise UnknownEmbedder(f"There is no model '{name}' in service.")
    try:
        return EndpointEmbedder(upstream_of(model.provider), client, model.upstream_name)
    except UpstreamUnusable as error:
        raise EmbeddingFailed(f"{model.provider} cannot be called: {error}") from error
