"""Embedding models behind an endpoint, over a real connection."""

import asyncio
import json

import numpy as np
import pytest

from apps.serving.embedding import DIMENSIONS, EmbeddingFailed, EndpointEmbedder
from apps.serving.providers import adapter_for
from apps.serving.services import HttpClient, Upstream
from apps.serving.transport import Target, Timeouts
from llmkit.net import check_url
from tests.helpers.mock_provider import _send, fails, hangs, mock_provider


@pytest.fixture
def provider():
    with mock_provider() as running:
        yield running


def upstream_to(provider, *, first_byte: float = 5.0) -> Upstream:
    url = check_url(provider.url, allow_private=True)
    return Upstream(
        provider="acme",
        adapter=adapter_for("openai_compatible"),
        target=Target.of(url, allow_private=True),
        path=url.path,
        credential="sk-secret",
        timeouts=Timeouts(connect=5, first_byte=first_byte, idle=5, total=10),
        own_engine=False,
    )


def embed(provider, *texts, **options) -> np.ndarray:
    async def ask():
        client = HttpClient()
        try:
            return await EndpointEmbedder(upstream_to(provider, **options), client, "embed-small").embed(texts)
        finally:
            await client.aclose()

    return asyncio.run(ask())


def embeds(dimensions: int = DIMENSIONS, *, shortens: bool = True, **changes):
    """Vectors whose first number is the length of the text, the last text first."""

    async def behaviour(asked, writer):
        wanted = asked.body.get("dimensions") if shortens else None
        rows = [
            {"object": "embedding", "index": place, "embedding": [len(text), *[0.0] * ((wanted or dimensions) - 1)]}
            for place, text in enumerate(asked.body["input"])
        ]
        await _send(writer, 200, {"object": "list", "data": rows[::-1], "model": "embed-small"} | changes)

    return behaviour


def test_vectors_come_in_the_order_of_the_texts_and_with_length_1(provider):
    provider.behave("embed-small", embeds())
    rows = embed(provider, "one", "three")
    assert rows.shape == (2, DIMENSIONS)
    assert rows[:, 0].tolist() == [1, 1]
    asked = provider.asked[0]
    assert asked.path == "/v1/embeddings"
    assert asked.headers["authorization"] == "Bearer sk-secret"
    assert asked.body == {"model": "embed-small", "input": ["one", "three"], "encoding_format": "float"}


def test_a_model_with_more_dimensions_is_asked_to_shorten_them(provider):
    provider.behave("embed-small", embeds(1536))
    assert embed(provider, "one").shape == (1, DIMENSIONS)
    assert [asked.body.get("dimensions") for asked in provider.asked] == [None, DIMENSIONS]


@pytest.mark.parametrize(("dimensions", "shortens"), [(1536, False), (128, True)])
def test_vectors_of_another_size_are_refused(provider, dimensions, shortens):
    provider.behave("embed-small", embeds(dimensions, shortens=shortens))
    with pytest.raises(EmbeddingFailed, match=f"gives {dimensions} dimensions, and 384 are needed"):
        embed(provider, "one")


def test_no_texts_ask_nothing(provider):
    assert embed(provider).shape == (0, DIMENSIONS)
    assert provider.asked == []


@pytest.mark.parametrize(
    ("behaviour", "complaint"),
    [
        (fails(400, {"error": {"message": "No such model."}}), "acme refused with 400: No such model."),
        (fails(200, {"hello": 1}), "holds no embeddings"),
        (fails(200, "<html>"), "holds no embeddings"),
        (fails(200, {"data": []}), "sent 0 embeddings for 1 texts"),
        (fails(200, {"data": [{"index": 4, "embedding": [1.0]}]}), "sent 1 embeddings for 1 texts"),
        (fails(200, {"data": [{"index": 0, "embedding": [1.0, 1e400, *[0.0] * 382]}]}), "holds no embeddings"),
    ],
)
def test_an_answer_that_is_none_is_a_failure_in_a_sentence(provider, behaviour, complaint):
    provider.behave("embed-small", behaviour)
    with pytest.raises(EmbeddingFailed) as failed:
        embed(provider, "one")
    assert complaint in str(failed.value)
    assert "sk-secret" not in str(failed.value)


def test_a_provider_that_does_not_answer_is_a_failure(provider):
    provider.behave("embed-small", hangs())
    with pytest.raises(EmbeddingFailed, match="acme could not be reached"):
        embed(provider, "one", first_byte=0.1)


def test_the_name_says_who_embeds_with_what(provider):
    embedder = EndpointEmbedder(upstream_to(provider), HttpClient(), "embed-small")
    assert embedder.name == "acme/embed-small@384"
    assert json.dumps(embedder.name)
