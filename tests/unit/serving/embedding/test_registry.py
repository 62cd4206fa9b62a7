"""Embedders by name."""

import pytest

from apps.caching.domain import policy
from apps.serving.embedding import DEFAULT_EMBEDDER, DIMENSIONS, UnknownEmbedder, built_in_embedder


def test_an_unknown_name_is_refused():
    with pytest.raises(UnknownEmbedder, match="There is no embedder 'word2vec'"):
        built_in_embedder("word2vec")


def test_the_cache_means_the_same_default_and_the_same_size():
    assert (policy.LEXICAL, policy.DIMENSIONS) == (DEFAULT_EMBEDDER, DIMENSIONS)
