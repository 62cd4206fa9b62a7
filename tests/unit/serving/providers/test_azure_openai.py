"""OpenAI's protocol at Azure's addresses."""

import json

import pytest

from apps.serving.providers import Access, UnsupportedRequest, adapter_for
from tests.unit.serving.providers.calls import call, chat, embed

ADAPTER = adapter_for("azure_openai")
DATED = Access("key-1", "acme.openai.azure.com", "", {"api_version": "2024-10-21"})
NEWER = Access("key-1", "acme.openai.azure.com", "")
RAW = b'{"model":"m", "messages": [], "odd": 1.10}'


@pytest.mark.parametrize("path", ["", "/openai", "/openai/v1"])
def test_the_resources_address_is_all_that_is_needed(path):
    assert ADAPTER.base_path(path) == ""
    assert ADAPTER.base_path(f"/proxy{path}") == "/proxy"


@pytest.mark.parametrize(
    ("access", "chat_path", "embed_path", "models_path"),
    [
        (
            DATED,
            "/openai/deployments/my%20gpt/chat/completions?api-version=2024-10-21",
            "/openai/deployments/my%20gpt/embeddings?api-version=2024-10-21",
            "/openai/models?api-version=2024-10-21",
        ),
        (NEWER, "/openai/v1/chat/completions", "/openai/v1/embeddings", "/openai/v1/models"),
    ],
    ids=["dated", "v1"],
)
def test_with_a_version_the_deployment_is_in_the_path(access, chat_path, embed_path, models_path):
    request = ADAPTER.request(call(RAW, upstream_model="my gpt"), access)
    assert request.path == chat_path
    assert json.loads(request.body)["model"] == "my gpt"
    assert dict(request.headers) == {b"content-type": b"application/json", b"api-key": b"key-1"}
    assert ADAPTER.embeddings_request(embed({"input": "a"}, "my gpt"), access).path == embed_path
    assert ADAPTER.models_request(access).path == models_path


def test_a_request_that_needs_no_change_is_the_same_bytes():
    assert ADAPTER.request(call(RAW), NEWER).body == RAW
    asked = json.loads(ADAPTER.request(call(chat(stream=True), stream=True), NEWER).body)
    assert asked["stream_options"] == {"include_usage": True}


def test_the_responses_api_is_at_the_newer_address_only():
    members = call(RAW).members
    assert ADAPTER.native_request("responses", members, RAW, "m", NEWER).path == "/openai/v1/responses"
    assert ADAPTER.native_request("completions", members, RAW, "m", DATED).path == (
        "/openai/deployments/m/completions?api-version=2024-10-21"
    )
    with pytest.raises(UnsupportedRequest):
        ADAPTER.native_request("responses", members, RAW, "m", DATED)
    assert not ADAPTER.speaks("messages", NEWER)


def test_a_filtered_prompt_keeps_azures_code():
    body = b'{"error":{"message":"filtered","type":null,"param":"prompt","code":"content_filter","status":400}}'
    error = ADAPTER.error(400, body)
    assert (error.status, error.type, error.code, error.param) == (
        400,
        "invalid_request_error",
        "content_filter",
        "prompt",
    )
