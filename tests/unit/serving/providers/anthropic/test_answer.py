"""Anthropic's answers as chat completions."""

import json

import pytest

from apps.serving.providers import ProviderError, Usage, observe_body
from apps.serving.providers.anthropic import Anthropic
from tests.unit.serving.providers.calls import numbers

ADAPTER = Anthropic(now=lambda: 1_770_000_000.9)


def message(*content, stop="end_turn", usage=None):
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude-x",
        "content": list(content),
        "stop_reason": stop,
        "usage": usage or {"input_tokens": 10, "output_tokens": 5},
    }


def translated(body):
    return json.loads(ADAPTER.plain(json.dumps(body).encode()))


def test_a_text_answer_is_a_chat_completion():
    assert translated(message({"type": "text", "text": "Hel"}, {"type": "text", "text": "lo"})) == {
        "id": "msg_1",
        "object": "chat.completion",
        "created": 1_770_000_000,
        "model": "claude-x",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": "Hello", "refusal": None},
                "logprobs": None,
                "finish_reason": "stop",
            }
        ],
        "usage": {
            "prompt_tokens": 10,
            "completion_tokens": 5,
            "total_tokens": 15,
            "prompt_tokens_details": {"cached_tokens": 0, "cache_creation_tokens": 0},
            "provider_usage": {"input_tokens": 10, "output_tokens": 5},
        },
    }


def test_tool_uses_become_tool_calls_with_their_arguments_as_written():
    raw = json.dumps(message({"type": "tool_use", "id": "t1", "name": "find", "input": 0}, stop="tool_use"))
    raw = raw.replace('"input": 0', '"input": {"q": 1.10}')
    choice = json.loads(ADAPTER.plain(raw.encode()))["choices"][0]
    assert choice["finish_reason"] == "tool_calls"
    assert choice["message"]["content"] is None
    assert choice["message"]["tool_calls"] == [
        {"id": "t1", "type": "function", "function": {"name": "find", "arguments": '{"q": 1.10}'}}
    ]


def test_thinking_is_kept_apart_from_the_text_and_signed_for_the_next_turn():
    redacted = {"type": "redacted_thinking", "data": "EmwKAhgB"}
    answer = translated(
        message({"type": "thinking", "thinking": "hm", "signature": "s"}, redacted, {"type": "text", "text": "a"})
    )
    assert answer["choices"][0]["message"] == {
        "role": "assistant",
        "content": "a",
        "refusal": None,
        "reasoning_content": "hm",
        "thinking_blocks": [{"type": "thinking", "thinking": "hm", "signature": "s"}, redacted],
    }


@pytest.mark.parametrize(
    ("stop", "finish"),
    [
        ("end_turn", "stop"),
        ("stop_sequence", "stop"),
        ("pause_turn", "stop"),
        ("max_tokens", "length"),
        ("model_context_window_exceeded", "length"),
        ("tool_use", "tool_calls"),
        ("refusal", "content_filter"),
        ("something_new", "stop"),
        (None, "stop"),
    ],
)
def test_every_stop_reason_has_a_finish_reason(stop, finish):
    assert translated(message(stop=stop))["choices"][0]["finish_reason"] == finish


def test_prompt_tokens_include_what_was_read_from_and_written_to_the_cache():
    usage = {
        "input_tokens": 10,
        "output_tokens": 5,
        "cache_read_input_tokens": 100,
        "cache_creation_input_tokens": 20,
    }
    counted = observe_body(ADAPTER.plain(json.dumps(message(usage=usage)).encode())).usage
    assert numbers(counted) == Usage(
        prompt_tokens=130, completion_tokens=5, cached_tokens=100, cache_creation_tokens=20
    )
    assert counted.raw == usage


@pytest.mark.parametrize(
    ("body", "status", "text"),
    [
        (b'{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}', 503, "Overloaded"),
        (b'{"type":"error","error":{"type":"rate_limit_error","message":"slow"}}', 429, "slow"),
        (b"<html>", 502, "could not be read"),
        (b'{"content": 1}', 502, "could not be read"),
        (b"[" * 100_000, 502, "could not be read"),
    ],
    ids=["overloaded", "limited", "html", "other", "deep"],
)
def test_an_error_inside_a_200_and_what_can_not_be_read_are_errors(body, status, text):
    with pytest.raises(ProviderError, match=text) as failure:
        ADAPTER.plain(body)
    assert failure.value.status == status
