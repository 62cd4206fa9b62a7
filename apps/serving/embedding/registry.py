"""The embedders that are part of the installation, by name."""

from apps.serving.embedding.base import Embedder
from apps.serving.embedding.hashing import HashingEmbedder

_BUILT_IN: dict[str, Embedder] = {embedder.name: embedder for embedder in (HashingEmbedder(),)}
DEFAULT_EMBEDDER = HashingEmbedder.name


class UnknownEmbedder(LookupError):
    """No embedder of this installation has the name."""


def built_in_embedder(name: str) -> Embedder:
    try:
        return _BUILT_IN[name]
    except KeyError:
        raise UnknownEmbedder(f"There is no embedder '{name}'.") from None


def built_in_embedders() -> list[str]:
    """Their names, the default first."""
    return sorted(_BUILT_IN, key=lambda name: (name != DEFAULT_EMBEDDER, name))
