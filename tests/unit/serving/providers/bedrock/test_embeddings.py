"""Embeddings through Bedrock's InvokeModel."""

import json

import pytest

from apps.serving.providers import ProviderError, UnsupportedRequest, adapter_for
from tests.unit.serving.providers.calls import NO_ACCESS, embed

ADAPTER = adapter_for("bedrock")
TITAN, COHERE = "amazon.titan-embed-text-v2:0", "cohere.embed-v4:0"


def test_titan_embeds_one_text():
    request = ADAPTER.embeddings_request(embed({"input": ["a"], "dimensions": 256, "user": "u"}, TITAN), NO_ACCESS)
    assert (request.path, request.dropped) == ("/model/amazon.titan-embed-text-v2%3A0/invoke", ("user",))
    assert json.loads(request.body) == {"inputText": "a", "dimensions": 256}
    body = json.dumps({"embedding": [0.5, 1], "embeddingsByType": {"float": [0.5, 1]}, "inputTextTokenCount": 3})
    found = json.loads(ADAPTER.embeddings_answer(embed({"input": "a"}, TITAN), body.encode()))
    assert [entry["embedding"] for entry in found["data"]] == [[0.5, 1.0]]
    assert found["usage"]["prompt_tokens"] == 3
    with pytest.raises(UnsupportedRequest, match="one text"):
        ADAPTER.embeddings_request(embed({"input": ["a", "b"]}, TITAN), NO_ACCESS)


@pytest.mark.parametrize("vectors", [{"float": [[1, 2], [3, 4]]}, [[1, 2], [3, 4]]])
def test_cohere_embeds_many_and_counts_none(vectors):
    call = embed({"input": ["a", "b"], "dimensions": 512, "input_type": "search_query"}, COHERE)
    assert json.loads(ADAPTER.embeddings_request(call, NO_ACCESS).body) == {
        "texts": ["a", "b"],
        "input_type": "search_query",
        "embedding_types": ["float"],
        "output_dimension": 512,
    }
    found = json.loads(ADAPTER.embeddings_answer(call, json.dumps({"embeddings": vectors}).encode()))
    assert [entry["embedding"] for entry in found["data"]] == [[1.0, 2.0], [3.0, 4.0]]
    assert found["usage"] is None


def test_a_model_of_another_family_is_named():
    with pytest.raises(UnsupportedRequest, match="nova") as refusal:
        ADAPTER.embeddings_request(embed({"input": "a"}, "amazon.nova-lite"), NO_ACCESS)
    assert refusal.value.param == "model"


@pytest.mark.parametrize("model", [TITAN, COHERE])
def test_what_can_not_be_read_is_an_error(model):
    with pytest.raises(ProviderError):
        ADAPTER.embeddings_answer(embed({"input": "a"}, model), b'{"embedding": "x"}')
