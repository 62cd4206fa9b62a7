"""Chat-completions requests as Mistral takes them, which refuses what it doesn't know."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.serving.providers import Access, UnsupportedRequest, adapter_for
from apps.serving.providers.mistral.request import call_id
from tests.unit.serving.providers.calls import NO_ACCESS, call, chat

ADAPTER = adapter_for("mistral")


def user(content):
    return {"role": "user", "content": content}


def sent(body, **options):
    return json.loads(ADAPTER.request(call(body, **options), NO_ACCESS).body)


def test_the_simplest_request():
    request = ADAPTER.request(call(chat(user("hi")), upstream_model="mistral-large"), Access("k"))
    assert (request.path, request.dropped) == ("/chat/completions", ())
    assert json.loads(request.body) == {"model": "mistral-large", "messages": [user("hi")]}


def test_members_go_through_under_mistrals_names_and_unknown_ones_as_they_are():
    body = sent(
        chat(
            seed=12345678901234567890, max_completion_tokens=9, temperature=1.10, stop=["A"], n=2, stream=True,
            stream_options={"include_usage": True}, logprobs=False, tool_choice="required", safe_prompt=True,
            odd={"a": 1}, response_format={"type": "json_object"},
        ),
        system_prompt="first",
    )  # fmt: skip
    assert body == {
        "model": "m",
        "messages": [{"role": "system", "content": "first"}, user("hi")],
        "random_seed": 12345678901234567890, "max_tokens": 9, "temperature": 1.1, "stop": ["A"], "n": 2,
        "stream": True, "tool_choice": "required", "safe_prompt": True, "odd": {"a": 1},
        "response_format": {"type": "json_object"},
    }  # fmt: skip


def test_what_only_openai_knows_is_left_out_and_named():
    request = ADAPTER.request(call(chat(user="u", store=True, logit_bias={})), NO_ACCESS)
    assert sorted(request.dropped) == ["logit_bias", "store", "user"]
    assert set(json.loads(request.body)) == {"model", "messages"}


def test_messages_carry_nothing_that_mistral_would_refuse():
    parts = [
        {"type": "text", "text": "look", "cache_control": {"type": "ephemeral"}},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBO", "detail": "low"}},
        {"type": "input_audio", "input_audio": {"data": "UklG", "format": "wav"}},
        {"type": "file", "file": {"file_data": "data:application/pdf;base64,JVBE"}},
    ]
    messages = [
        {"role": "developer", "content": "d"},
        user(parts),
        {"role": "assistant", "content": None, "refusal": None, "annotations": [], "reasoning_content": "hm"},
    ]
    assert sent(chat(*messages))["messages"] == [
        {"role": "system", "content": "d"},
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "look"},
                {"type": "image_url", "image_url": "data:image/png;base64,iVBO"},
                {"type": "input_audio", "input_audio": "UklG"},
                {"type": "document_url", "document_url": "data:application/pdf;base64,JVBE"},
            ],
        },
        {"role": "assistant", "content": ""},
    ]


def test_ids_of_other_providers_calls_fit_and_still_belong_together():
    tools = [{"type": "function", "function": {"name": "f", "description": "d", "strict": True}, "cache_control": {}}]
    messages = [
        user("go"),
        {
            "role": "assistant",
            "tool_calls": [
                {"id": "call_abcdefghijkl", "function": {"name": "f", "arguments": '{"q": 1.10}'}},
                {"id": "D681PevKs", "function": {"name": "f", "arguments": "{}"}},
            ],
        },
        {"role": "tool", "tool_call_id": "call_abcdefghijkl", "content": "1"},
        {"role": "tool", "tool_call_id": "D681PevKs", "content": "2"},
    ]
    body = sent(chat(*messages, tools=tools))
    first, second = (made["id"] for made in body["messages"][1]["tool_calls"])
    assert [message["tool_call_id"] for message in body["messages"][2:]] == [first, second]
    assert second == "D681PevKs"
    assert body["tools"] == [
        {
            "type": "function",
            "function": {"name": "f", "parameters": {"type": "object"}, "description": "d", "strict": True},
        }
    ]


@given(st.text(), st.text())
def test_every_id_becomes_nine_letters_and_digits_and_different_ones_stay_so(one, other):
    assert re.fullmatch("[a-zA-Z0-9]{9}", call_id(one))
    assert call_id(call_id(one)) == call_id(one)
    assert (call_id(one) == call_id(other)) == (one == other)


@pytest.mark.parametrize(
    ("body", "param"),
    [
        (chat(logprobs=True), "logprobs"),
        (chat(tools=[{"type": "web_search"}]), "tools"),
        (chat({"role": "function", "content": "x"}), "messages[0].role"),
    ],
)
def test_what_can_not_be_done_is_refused_naming_the_member(body, param):
    with pytest.raises(UnsupportedRequest) as refusal:
        sent(body)
    assert refusal.value.param == param
