"""Converse's answers as chat completions."""

import json

import pytest

from apps.serving.providers import ProviderError, Usage, observe_body
from apps.serving.providers.bedrock import Bedrock
from tests.unit.serving.providers.calls import call, chat, numbers

ADAPTER = Bedrock(now=lambda: 1_770_000_000.9)
CALL = call(chat(), upstream_model="amazon.nova-lite-v1:0")
TOO_LONG = "context_length_exceeded"
COUNTED = {"inputTokens": 125, "outputTokens": 60, "totalTokens": 185}


def answer(*blocks, stop="end_turn", usage=COUNTED):
    return {
        "output": {"message": {"role": "assistant", "content": list(blocks)}},
        "stopReason": stop,
        "usage": usage,
        "metrics": {"latencyMs": 1175},
    }


def plain(body):
    return ADAPTER.plain(json.dumps(body).encode(), CALL)


def test_a_text_answer_is_a_chat_completion_of_the_model_that_was_asked():
    found = json.loads(plain(answer({"text": "Hel"}, {"text": "lo"})))
    assert found.pop("id").startswith("chatcmpl-")
    assert found == {
        "object": "chat.completion",
        "created": 1_770_000_000,
        "model": "amazon.nova-lite-v1:0",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": "Hello", "refusal": None},
                "logprobs": None,
                "finish_reason": "stop",
            }
        ],
        "usage": {
            "prompt_tokens": 125,
            "completion_tokens": 60,
            "total_tokens": 185,
            "prompt_tokens_details": {"cached_tokens": 0, "cache_creation_tokens": 0},
            "provider_usage": COUNTED,
        },
    }


def test_tool_uses_and_signed_reasoning_have_their_places():
    blocks = [
        {"reasoningContent": {"reasoningText": {"text": "hm", "signature": "s"}}},
        {"reasoningContent": {"redactedContent": "ZW5j"}},
        {"text": "Let me see."},
        {"toolUse": {"toolUseId": "t1", "name": "find", "input": {"q": 1}}},
        {"toolUse": {"toolUseId": "t2", "name": "now", "input": {}}},
    ]
    (choice,) = json.loads(plain(answer(*blocks, stop="tool_use")))["choices"]
    assert choice["finish_reason"] == "tool_calls"
    assert choice["message"] == {
        "role": "assistant",
        "content": "Let me see.",
        "refusal": None,
        "reasoning_content": "hm",
        "tool_calls": [
            {"id": "t1", "type": "function", "function": {"name": "find", "arguments": '{"q": 1}'}},
            {"id": "t2", "type": "function", "function": {"name": "now", "arguments": "{}"}},
        ],
        "thinking_blocks": [
            {"type": "thinking", "thinking": "hm", "signature": "s"},
            {"type": "redacted_thinking", "data": "ZW5j"},
        ],
    }


@pytest.mark.parametrize(
    ("stop", "finish"),
    [
        ("end_turn", "stop"), ("stop_sequence", "stop"), ("max_tokens", "length"),
        ("model_context_window_exceeded", "length"), ("guardrail_intervened", "content_filter"),
        ("content_filtered", "content_filter"), ("tool_use", "tool_calls"), ("malformed_tool_use", "stop"),
    ],
)  # fmt: skip
def test_every_stop_reason_has_a_finish_reason(stop, finish):
    assert json.loads(plain(answer(stop=stop)))["choices"][0]["finish_reason"] == finish


def test_the_usage_holds_what_the_prompt_cache_held_and_adds_up_to_awss_total():
    counted = {
        "inputTokens": 20,
        "outputTokens": 10,
        "totalTokens": 1830,
        "cacheReadInputTokens": 1500,
        "cacheWriteInputTokens": 300,
    }
    body = plain(answer({"text": "a"}, usage=counted))
    usage = observe_body(body).usage
    assert numbers(usage) == Usage(
        prompt_tokens=1820, completion_tokens=10, cached_tokens=1500, cache_creation_tokens=300
    )
    assert usage.raw == counted
    assert json.loads(body)["usage"]["total_tokens"] == counted["totalTokens"]


@pytest.mark.parametrize("body", [b"<html>", b"{}", b"[" * 100_000, b'{"output": {"message": 5}}'])
def test_what_can_not_be_read_is_an_error(body):
    with pytest.raises(ProviderError) as failure:
        ADAPTER.plain(body, CALL)
    assert failure.value.status == 502


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (400, b'{"message":"Input is too long for requested model."}', (400, "invalid_request_error", TOO_LONG)),
        (403, b'{"Message":"Authentication failed"}', (403, "permission_error", None)),
        (404, b'{"message":"no model"}', (404, "not_found_error", None)),
        (408, b'{"message":"Model timed out"}', (504, "timeout_error", None)),
        (424, b'{"message":"Model failed","originalStatusCode":500}', (502, "api_error", None)),
        (429, b'{"message":"Too many requests"}', (429, "rate_limit_error", None)),
        (503, b'{"message":"busy"}', (503, "overloaded_error", None)),
    ],
)  # fmt: skip
def test_every_status_has_its_type(status, body, expected):
    error = ADAPTER.error(status, body)
    assert (error.status, error.type, error.code) == expected


def test_a_message_that_is_spelt_with_a_capital_is_told_too():
    assert ADAPTER.error(400, b'{"Message":"odd"}').message == "odd"
