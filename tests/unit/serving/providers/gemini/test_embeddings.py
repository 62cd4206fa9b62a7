"""Embeddings through Gemini's batchEmbedContents."""

import base64
import json
import struct

import pytest

from apps.serving.providers import Access, ProviderError, UnsupportedRequest, adapter_for
from tests.unit.serving.providers.calls import NO_ACCESS, embed

ADAPTER = adapter_for("gemini")
BODY = json.dumps(
    {"embeddings": [{"values": [0.5, -1.25]}, {"values": [0.0, 2.0]}], "usageMetadata": {"promptTokenCount": 7}}
).encode()


def test_every_text_is_a_request_of_its_own_in_one_batch():
    call = embed({"input": ["a", "b"], "dimensions": 8, "task_type": "RETRIEVAL_QUERY", "user": "u"}, "emb-1")
    request = ADAPTER.embeddings_request(call, Access("k"))
    assert (request.path, request.dropped) == ("/models/emb-1:batchEmbedContents", ("user",))
    more = {"model": "models/emb-1", "outputDimensionality": 8, "taskType": "RETRIEVAL_QUERY"}
    assert json.loads(request.body) == {
        "requests": [{"content": {"parts": [{"text": text}]}, **more} for text in ("a", "b")]
    }


def test_the_vectors_come_back_in_openais_shape():
    found = json.loads(ADAPTER.embeddings_answer(embed({"input": ["a", "b"]}, "emb-1"), BODY))
    assert found == {
        "object": "list",
        "data": [
            {"object": "embedding", "index": 0, "embedding": [0.5, -1.25]},
            {"object": "embedding", "index": 1, "embedding": [0.0, 2.0]},
        ],
        "model": "emb-1",
        "usage": {"prompt_tokens": 7, "total_tokens": 7, "provider_usage": {"promptTokenCount": 7}},
    }


def test_base64_is_little_endian_floats_of_32_bits():
    found = json.loads(ADAPTER.embeddings_answer(embed({"input": "a", "encoding_format": "base64"}), BODY))
    assert found["data"][0]["embedding"] == base64.b64encode(struct.pack("<2f", 0.5, -1.25)).decode()


@pytest.mark.parametrize(
    ("members", "param"),
    [
        ({"input": [1, 2]}, "input"),
        ({"input": [[1], [2]]}, "input"),
        ({"input": ["a", 2]}, "input"),
        ({"input": []}, "input"),
        ({"input": ["a", ""]}, "input"),
        ({"input": 5}, "input"),
        ({}, "input"),
        ({"input": "a", "encoding_format": "int8"}, "encoding_format"),
        ({"input": "a", "encoding_format": 8}, "encoding_format"),
        ({"input": "a", "dimensions": 0}, "dimensions"),
        ({"input": "a", "dimensions": "8"}, "dimensions"),
    ],
)
def test_what_can_not_be_embedded_is_refused_naming_the_member(members, param):
    with pytest.raises(UnsupportedRequest) as refusal:
        ADAPTER.embeddings_request(embed(members), NO_ACCESS)
    assert refusal.value.param == param


@pytest.mark.parametrize("body", [b"<html>", b"{}", b'{"embeddings": [{"values": ["x"]}]}'])
def test_what_can_not_be_read_is_an_error(body):
    with pytest.raises(ProviderError):
        ADAPTER.embeddings_answer(embed({"input": "a"}), body)
