"""Chat-completions requests as Anthropic wants them."""

import json

import pytest

from apps.serving.providers import Access, UnsupportedRequest, adapter_for
from tests.unit.serving.providers.calls import NO_ACCESS, call, chat, embed

ADAPTER = adapter_for("anthropic")
PIXEL = "data:image/jpg;base64,iVBORw0KGgo="


def user(content):
    return {"role": "user", "content": content}


def text(words):
    return {"type": "text", "text": words}


def sent(body, **options):
    return json.loads(ADAPTER.request(call(body, **options), NO_ACCESS).body)


def test_the_simplest_request():
    request = ADAPTER.request(call(chat(user("hi")), upstream_model="claude-x"), Access("sk-ant-1"))
    assert (request.method, request.path, request.dropped) == ("POST", "/messages", ())
    assert dict(request.headers) == {
        b"content-type": b"application/json",
        b"anthropic-version": b"2023-06-01",
        b"x-api-key": b"sk-ant-1",
    }
    assert json.loads(request.body) == {
        "model": "claude-x",
        "max_tokens": 4096,
        "messages": [{"role": "user", "content": [text("hi")]}],
    }


def test_without_a_credential_no_key_is_sent():
    assert b"x-api-key" not in dict(ADAPTER.models_request(NO_ACCESS).headers)


def test_the_base_url_gets_the_version_where_it_is_missing():
    assert [ADAPTER.base_path(path) for path in ("", "/v1", "/proxy", "/proxy/v1")] == [
        "/v1",
        "/v1",
        "/proxy/v1",
        "/proxy/v1",
    ]


def test_system_and_developer_messages_move_to_the_top_behind_the_platforms_own():
    messages = [
        {"role": "system", "content": "a"},
        user("hi"),
        {"role": "developer", "content": [text("b")]},
    ]
    body = sent(chat(*messages), system_prompt="first")
    assert body["system"] == [text("first"), text("a"), text("b")]
    assert body["messages"] == [{"role": "user", "content": [text("hi")]}]


def test_turns_of_one_role_in_a_row_become_one():
    body = sent(chat(user("a"), user("b"), {"role": "assistant", "content": "c"}, user("d")))
    assert body["messages"] == [
        {"role": "user", "content": [text("a"), text("b")]},
        {"role": "assistant", "content": [text("c")]},
        {"role": "user", "content": [text("d")]},
    ]


def test_tool_calls_and_their_results_keep_their_ids_and_every_digit():
    calls = [
        {
            "id": "t1",
            "type": "function",
            "function": {"name": "find", "arguments": '{"q": 1.10, "big": 12345678901234567890}'},
        },
        {"id": "t2", "type": "function", "function": {"name": "now", "arguments": ""}},
    ]
    messages = [
        user("go"),
        {"role": "assistant", "content": None, "tool_calls": calls},
        {"role": "tool", "tool_call_id": "t1", "content": "found"},
        {"role": "tool", "tool_call_id": "t2", "content": [text("noon")]},
        user("thanks"),
    ]
    raw = ADAPTER.request(call(chat(*messages)), NO_ACCESS).body
    assert b'{"q": 1.10, "big": 12345678901234567890}' in raw
    body = json.loads(raw)
    assert body["messages"][1]["content"][1] == {"type": "tool_use", "id": "t2", "name": "now", "input": {}}
    assert body["messages"][2] == {
        "role": "user",
        "content": [
            {"type": "tool_result", "tool_use_id": "t1", "content": [text("found")]},
            {"type": "tool_result", "tool_use_id": "t2", "content": [text("noon")]},
            text("thanks"),
        ],
    }


def test_images_and_files_become_sources():
    parts = [
        text("look"),
        {"type": "image_url", "image_url": {"url": PIXEL, "detail": "low"}},
        {
            "type": "image_url",
            "image_url": {"url": "https://example.com/x.png"},
            "cache_control": {"type": "ephemeral"},
        },
        {"type": "file", "file": {"file_data": "data:application/pdf;base64,JVBERi0=", "filename": "a.pdf"}},
    ]
    (turn,) = sent(chat(user(parts)))["messages"]
    assert turn["content"] == [
        text("look"),
        {"type": "image", "source": {"type": "base64", "media_type": "image/jpeg", "data": "iVBORw0KGgo="}},
        {
            "type": "image",
            "source": {"type": "url", "url": "https://example.com/x.png"},
            "cache_control": {"type": "ephemeral"},
        },
        {"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": "JVBERi0="}},
    ]


def test_empty_texts_are_left_out_because_they_would_be_refused():
    body = sent(chat(user([text(""), text("x")]), {"role": "assistant", "content": ""}, user("y")))
    assert body["messages"] == [{"role": "user", "content": [text("x"), text("y")]}]


def test_sampling_and_limits_have_their_counterparts():
    body = sent(
        chat(
            temperature=0.5,
            top_p=0.9,
            top_k=40,
            stop="END",
            max_tokens=10,
            max_completion_tokens=20,
            user="u-1",
            stream=True,
            thinking={"type": "enabled", "budget_tokens": 1024},
        )
    )
    del body["messages"]
    assert body == {
        "model": "m",
        "max_tokens": 20,
        "temperature": 0.5,
        "top_p": 0.9,
        "top_k": 40,
        "stop_sequences": ["END"],
        "metadata": {"user_id": "u-1"},
        "stream": True,
        "thinking": {"type": "enabled", "budget_tokens": 1024},
    }


@pytest.mark.parametrize(
    ("members", "options", "limit"),
    [({}, {}, 4096), ({}, {"max_output_tokens": 64_000}, 64_000), ({"max_tokens": 5}, {"max_output_tokens": 100}, 5)],
)
def test_the_limit_is_the_requests_or_the_models_or_a_default(members, options, limit):
    assert sent(chat(**members), **options)["max_tokens"] == limit


def test_tools_and_the_choice_among_them():
    schema = {"type": "object", "properties": {"q": {"type": "string"}}}
    tools = [
        {"type": "function", "function": {"name": "find", "description": "d", "parameters": schema, "strict": True}},
        {"type": "function", "function": {"name": "now", "parameters": None}, "cache_control": {"type": "ephemeral"}},
    ]
    assert sent(chat(tools=tools))["tools"] == [
        {"name": "find", "input_schema": schema, "description": "d", "strict": True},
        {"name": "now", "input_schema": {"type": "object"}, "cache_control": {"type": "ephemeral"}},
    ]


@pytest.mark.parametrize(
    ("members", "choice"),
    [
        ({}, None),
        ({"tool_choice": "auto"}, {"type": "auto"}),
        ({"tool_choice": "required"}, {"type": "any"}),
        ({"tool_choice": "none", "parallel_tool_calls": False}, {"type": "none"}),
        ({"tool_choice": {"type": "function", "function": {"name": "f"}}}, {"type": "tool", "name": "f"}),
        ({"parallel_tool_calls": False}, {"type": "auto", "disable_parallel_tool_use": True}),
        (
            {"tool_choice": "required", "parallel_tool_calls": False},
            {"type": "any", "disable_parallel_tool_use": True},
        ),
    ],
)
def test_every_tool_choice_has_a_counterpart(members, choice):
    body = sent(chat(tools=[{"type": "function", "function": {"name": "f"}}], **members))
    assert body.get("tool_choice") == choice


def test_a_json_schema_becomes_the_output_format():
    schema = {"type": "object", "properties": {}}
    wanted = {"type": "json_schema", "json_schema": {"name": "x", "strict": True, "schema": schema}}
    assert sent(chat(response_format=wanted))["output_config"] == {"format": {"type": "json_schema", "schema": schema}}


def test_what_has_no_counterpart_is_left_out_and_named():
    members = {
        "temperature": 1.7,
        "frequency_penalty": 0.5,
        "presence_penalty": 0,
        "seed": 7,
        "logit_bias": {},
        "response_format": {"type": "json_object"},
        "logprobs": False,
        "stream_options": {"include_usage": True},
        "store": None,
    }
    request = ADAPTER.request(call(chat(**members)), NO_ACCESS)
    assert sorted(request.dropped) == ["frequency_penalty", "response_format", "seed", "temperature"]
    assert json.loads(request.body)["temperature"] == 1.0


@pytest.mark.parametrize(
    ("body", "param"),
    [
        (chat(n=2), "n"),
        (chat(logprobs=True), "logprobs"),
        (chat({"role": "function", "name": "f", "content": "x"}), "messages[0].role"),
        (chat(user("a"), user([{"type": "input_audio", "input_audio": {}}])), "messages[1].content"),
        (chat(user([{"type": "image_url"}])), "messages[0].content"),
        (chat(user([{"type": "text"}])), "messages[0].content"),
        (chat(user(7)), "messages[0].content"),
        (chat(temperature="hot"), "temperature"),
        (chat(tools=[{"type": "web_search"}]), "tools"),
        (chat(tools=[{"type": "function", "function": {"name": "f"}}], tool_choice="maybe"), "tool_choice"),
        (chat(tools=[{"type": "function", "function": {"name": "f"}}], tool_choice={"type": "x"}), "tool_choice"),
        (
            chat({"role": "assistant", "tool_calls": [{"id": "t", "function": {"name": "f", "arguments": "[1]"}}]}),
            "messages[0].tool_calls",
        ),
    ],
)
def test_what_can_not_be_done_is_refused_naming_the_member(body, param):
    with pytest.raises(UnsupportedRequest) as refusal:
        sent(body)
    assert refusal.value.param == param
    assert refusal.value.args[0]


def test_members_the_gateway_changed_are_what_is_translated():
    changed = call(chat(user("old")))
    changed = type(changed)(members=call(chat(user("new"))).members, body=None, model="m", upstream_model="m")
    assert json.loads(ADAPTER.request(changed, NO_ACCESS).body)["messages"][0]["content"] == [text("new")]


def test_signed_thinking_comes_back_before_everything_else_of_its_turn():
    blocks = [{"type": "thinking", "thinking": "hm", "signature": "s"}, {"type": "redacted_thinking", "data": "x"}]
    turn = {"role": "assistant", "content": "a", "thinking_blocks": blocks}
    assert sent(chat(user("q"), turn, user("q")))["messages"][1]["content"] == [*blocks, text("a")]


# --- what Anthropic's own clients ask ----------------------------------------------------------------------------

NATIVE = (
    b'{"model": "claude", "max_tokens": 5,\n'
    b' "system":[{"type":"text","text":"s","cache_control":{"type":"ephemeral"}}]}'
)
CALLER = ((b"anthropic-beta", b"context-1m-2025-08-07"), (b"anthropic-version", b"2023-01-01"), (b"cookie", b"c"))


@pytest.mark.parametrize("dialect", ["messages", "messages/count_tokens"])
def test_a_native_request_goes_through_but_for_its_model_and_keeps_its_version_and_betas(dialect):
    assert ADAPTER.speaks(dialect, NO_ACCESS)
    members = call(NATIVE).members
    same = ADAPTER.native_request(dialect, members, NATIVE, "claude", Access("sk-ant-1"), CALLER)
    assert (same.path, same.body) == (f"/{dialect}", NATIVE)
    assert dict(same.headers) == {
        b"content-type": b"application/json",
        b"anthropic-version": b"2023-01-01",
        b"anthropic-beta": b"context-1m-2025-08-07",
        b"x-api-key": b"sk-ant-1",
    }
    other = ADAPTER.native_request(dialect, members, NATIVE, "claude-x", NO_ACCESS).body
    assert json.loads(other) == {**json.loads(NATIVE), "model": "claude-x"}


def test_without_the_callers_version_ours_is_sent():
    request = ADAPTER.native_request("messages", call(NATIVE).members, NATIVE, "claude", NO_ACCESS)
    assert dict(request.headers)[b"anthropic-version"] == b"2023-06-01"


def test_other_dialects_and_embeddings_are_refused():
    assert not ADAPTER.speaks("responses", NO_ACCESS)
    with pytest.raises(UnsupportedRequest, match="responses"):
        ADAPTER.native_request("responses", call(NATIVE).members, NATIVE, "claude", NO_ACCESS)
    with pytest.raises(UnsupportedRequest, match="no embeddings"):
        ADAPTER.embeddings_request(embed({"input": "x"}), NO_ACCESS)
