"""Cohere's answers as chat completions, its embeddings and its errors."""

import json

import pytest

from apps.serving.providers import Access, ProviderError, UnsupportedRequest, Usage, observe_body
from apps.serving.providers.cohere import Cohere
from tests.unit.serving.providers.calls import call, chat, embed, numbers

ADAPTER = Cohere(now=lambda: 1_770_000_000.9)
CALL = call(chat(), upstream_model="command-a")
COUNTED = {
    "billed_units": {"input_tokens": 50, "output_tokens": 26},
    "tokens": {"input_tokens": 793, "output_tokens": 61},
    "cached_tokens": 176,
}


def answer(message, finish="COMPLETE", **more):
    return {"id": "c-1", "finish_reason": finish, "message": {"role": "assistant", **message}, "usage": COUNTED, **more}


def plain(body):
    return ADAPTER.plain(json.dumps(body).encode(), CALL)


def test_an_answer_is_a_chat_completion_of_the_model_that_was_asked():
    content = [{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "Hello"}]
    found = json.loads(plain(answer({"content": content})))
    assert (found["id"], found["model"], found["created"]) == ("c-1", "command-a", 1_770_000_000)
    (choice,) = found["choices"]
    assert choice["message"] == {
        "role": "assistant",
        "content": "Hello",
        "refusal": None,
        "reasoning_content": "hm",
    }
    assert (choice["finish_reason"], choice["logprobs"]) == ("stop", None)


def test_tool_calls_come_with_the_plan_as_reasoning():
    calls = [{"id": "t1", "type": "function", "function": {"name": "find", "arguments": '{"q": 1.10}'}}]
    (choice,) = json.loads(plain(answer({"tool_plan": "I will look.", "tool_calls": calls}, "TOOL_CALL")))["choices"]
    assert choice["finish_reason"] == "tool_calls"
    assert choice["message"]["tool_calls"] == calls
    assert (choice["message"]["content"], choice["message"]["reasoning_content"]) == (None, "I will look.")


@pytest.mark.parametrize(
    ("reason", "finish"), [("COMPLETE", "stop"), ("STOP_SEQUENCE", "stop"), ("MAX_TOKENS", "length"), ("NEW", "stop")]
)
def test_every_finish_reason_has_its_counterpart(reason, finish):
    assert json.loads(plain(answer({"content": []}, reason)))["choices"][0]["finish_reason"] == finish


def test_what_cohere_bills_is_what_counts():
    usage = observe_body(plain(answer({"content": []}))).usage
    assert numbers(usage) == Usage(prompt_tokens=50, completion_tokens=26)
    assert usage.raw == COUNTED
    unbilled = observe_body(plain(answer({}) | {"usage": {"tokens": {"input_tokens": 9, "output_tokens": 2}}})).usage
    assert numbers(unbilled) == Usage(prompt_tokens=9, completion_tokens=2)


def test_probabilities_have_openais_shape():
    found = [
        {"text": "Hé", "token_ids": [1], "logprobs": [-0.5]},
        {"text": "llo", "token_ids": [2, 3], "logprobs": [-1, -2]},
    ]
    (choice,) = json.loads(plain(answer({"content": []}, logprobs=found)))["choices"]
    assert choice["logprobs"]["content"] == [
        {"token": "Hé", "logprob": -0.5, "bytes": [72, 195, 169], "top_logprobs": []},
        {"token": "llo", "logprob": -3.0, "bytes": [108, 108, 111], "top_logprobs": []},
    ]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (json.dumps(answer({}, "ERROR")).encode(), 502),
        (json.dumps(answer({}, "TIMEOUT")).encode(), 504),
        (b"<html>", 502),
        (b"{}", 502),
    ],
)
def test_a_broken_answer_and_what_can_not_be_read_are_errors(body, status):
    with pytest.raises(ProviderError) as failure:
        ADAPTER.plain(body, CALL)
    assert failure.value.status == status


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (498, b'{"message":"invalid token"}', (401, "authentication_error", None)),
        (429, b'{"message":"You are using a Trial key"}', (429, "rate_limit_error", None)),
        (
            400,
            b'{"message":"too many tokens: total number of tokens in the prompt cannot exceed 4081 - received 5000."}',
            (400, "invalid_request_error", "context_length_exceeded"),
        ),
        (503, b"{}", (503, "overloaded_error", None)),
    ],
)
def test_every_status_has_its_type(status, body, expected):
    error = ADAPTER.error(status, body)
    assert (error.status, error.type, error.code) == expected


def test_embeddings_go_to_embed_and_come_back_in_openais_shape():
    asked = embed({"input": ["a", "b"], "dimensions": 256, "input_type": "clustering"}, "embed-v4.0")
    request = ADAPTER.embeddings_request(asked, Access("k"))
    assert request.path == "/v2/embed"
    assert json.loads(request.body) == {
        "model": "embed-v4.0",
        "texts": ["a", "b"],
        "input_type": "clustering",
        "embedding_types": ["float"],
        "output_dimension": 256,
    }
    body = b'{"id":"x","embeddings":{"float":[[0.5],[1]]},"meta":{"billed_units":{"input_tokens":4}}}'
    found = json.loads(ADAPTER.embeddings_answer(asked, body))
    assert [entry["embedding"] for entry in found["data"]] == [[0.5], [1.0]]
    assert found["usage"] == {"prompt_tokens": 4, "total_tokens": 4, "provider_usage": {"input_tokens": 4}}


def test_token_numbers_and_rubbish_are_refused():
    with pytest.raises(UnsupportedRequest):
        ADAPTER.embeddings_request(embed({"input": [[1]]}), Access())
    with pytest.raises(ProviderError):
        ADAPTER.embeddings_answer(embed({"input": "a"}), b"{}")
