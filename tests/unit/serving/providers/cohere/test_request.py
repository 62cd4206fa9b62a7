"""Chat-completions requests as Cohere's chat (v2) wants them."""

import json

import pytest

from apps.serving.providers import Access, UnsupportedRequest, adapter_for
from tests.unit.serving.providers.calls import NO_ACCESS, call, chat

ADAPTER = adapter_for("cohere")
FIND = {"type": "function", "function": {"name": "find", "description": "d", "parameters": {"type": "object"}}}
NOW = {"type": "function", "function": {"name": "now", "strict": True}}


def user(content):
    return {"role": "user", "content": content}


def sent(body, **options):
    return json.loads(ADAPTER.request(call(body, **options), NO_ACCESS).body)


def test_the_simplest_request():
    request = ADAPTER.request(call(chat(user("hi")), upstream_model="command-a"), Access("co-1"))
    assert (request.path, request.dropped) == ("/v2/chat", ())
    assert dict(request.headers)[b"authorization"] == b"Bearer co-1"
    assert json.loads(request.body) == {
        "model": "command-a",
        "messages": [{"role": "user", "content": "hi"}],
        "stream": False,
    }
    assert sent(chat(stream=True), stream=True)["stream"] is True


def test_the_version_is_no_part_of_the_base_path():
    assert [ADAPTER.base_path(path) for path in ("", "/v2", "/v1", "/proxy")] == ["", "", "", "/proxy"]
    assert ADAPTER.models_request(NO_ACCESS).path == "/v1/models"


def test_a_conversation_keeps_its_roles_calls_and_results():
    calls = [
        {"id": "c1", "function": {"name": "find", "arguments": '{"q": 1.10}'}},
        {"id": "c2", "function": {"name": "now", "arguments": ""}},
    ]
    messages = [
        {"role": "developer", "content": "a"},
        user(
            [{"type": "text", "text": "look"}, {"type": "image_url", "image_url": {"url": "https://x.example/a.png"}}]
        ),
        {"role": "assistant", "content": None, "tool_calls": calls},
        {"role": "tool", "tool_call_id": "c1", "content": "1"},
        {"role": "tool", "tool_call_id": "c2", "content": ""},
    ]
    assert sent(chat(*messages), system_prompt="first")["messages"] == [
        {"role": "system", "content": "first"},
        {"role": "system", "content": "a"},
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "look"},
                {"type": "image_url", "image_url": {"url": "https://x.example/a.png"}},
            ],
        },
        {
            "role": "assistant",
            "tool_calls": [
                {"id": "c1", "type": "function", "function": {"name": "find", "arguments": '{"q": 1.10}'}},
                {"id": "c2", "type": "function", "function": {"name": "now", "arguments": "{}"}},
            ],
        },
        {"role": "tool", "content": "1", "tool_call_id": "c1"},
        {"role": "tool", "content": "", "tool_call_id": "c2"},
    ]


def test_sampling_limits_and_coheres_own_members():
    schema = {"type": "object", "required": ["a"]}
    body = sent(
        chat(
            temperature=0.5, top_p=0.9, top_k=40, seed=7, frequency_penalty=0.1, presence_penalty=0.2, max_tokens=9,
            stop=["A", "B"], logprobs=True, documents=["d"], safety_mode="OFF",
            thinking={"type": "enabled", "budget_tokens": 64},
            response_format={"type": "json_schema", "json_schema": {"name": "x", "schema": schema}},
        )
    )  # fmt: skip
    for name in ("model", "messages", "stream"):
        del body[name]
    assert body == {
        "temperature": 0.5, "p": 0.9, "k": 40, "seed": 7, "frequency_penalty": 0.1, "presence_penalty": 0.2,
        "max_tokens": 9, "stop_sequences": ["A", "B"], "logprobs": True, "documents": ["d"], "safety_mode": "OFF",
        "thinking": {"type": "enabled", "token_budget": 64},
        "response_format": {"type": "json_object", "json_schema": schema},
    }  # fmt: skip
    assert sent(chat(response_format={"type": "json_object"}))["response_format"] == {"type": "json_object"}


@pytest.mark.parametrize(("effort", "kind"), [("none", "disabled"), ("high", "enabled")])
def test_an_effort_switches_thinking_on_or_off(effort, kind):
    assert sent(chat(reasoning_effort=effort))["thinking"] == {"type": kind}


@pytest.mark.parametrize(
    ("choice", "said", "shown"),
    [
        (None, None, ["find", "now"]),
        ("auto", None, ["find", "now"]),
        ("required", "REQUIRED", ["find", "now"]),
        ("none", "NONE", ["find", "now"]),
        ({"type": "function", "function": {"name": "find"}}, "REQUIRED", ["find"]),
    ],
)
def test_tools_and_the_choice_among_them(choice, said, shown):
    body = sent(chat(tools=[FIND, NOW], tool_choice=choice))
    assert body.get("tool_choice") == said
    assert [tool["function"]["name"] for tool in body["tools"]] == shown
    assert body.get("strict_tools") == (True if "now" in shown else None)


def test_what_has_no_counterpart_is_left_out_and_named():
    request = ADAPTER.request(call(chat(user="u", logit_bias={"1": 1}, parallel_tool_calls=False)), NO_ACCESS)
    assert sorted(request.dropped) == ["logit_bias", "parallel_tool_calls", "user"]


@pytest.mark.parametrize(
    ("body", "param"),
    [
        (chat(n=2), "n"),
        (chat(logprobs=True, top_logprobs=2), "top_logprobs"),
        (chat(user([{"type": "input_audio", "input_audio": {"data": "", "format": "wav"}}])), "messages[0].content"),
        (chat(user([{"type": "file", "file": {"file_data": "data:a/b;base64,x"}}])), "messages[0].content"),
        (chat(tools=[FIND], tool_choice={"type": "function", "function": {"name": "x"}}), "tool_choice"),
    ],
)
def test_what_can_not_be_done_is_refused_naming_the_member(body, param):
    with pytest.raises(UnsupportedRequest) as refusal:
        sent(body)
    assert refusal.value.param == param
