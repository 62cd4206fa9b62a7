"""Chat-completions requests as Converse wants them, checked against AWS's own description of it."""

import json

import pytest

from apps.serving.providers import UnsupportedRequest, adapter_for
from tests.unit.serving.providers.bedrock.aws import complaints
from tests.unit.serving.providers.calls import NO_ACCESS, call, chat

ADAPTER = adapter_for("bedrock")
MARK = {"cache_control": {"type": "ephemeral"}}
FIND = {"type": "function", "function": {"name": "find", "description": "d", "parameters": {"type": "object"}}}


def user(content):
    return {"role": "user", "content": content}


def text(words, **more):
    return {"type": "text", "text": words, **more}


def called(*ids):
    calls = [{"id": name, "function": {"name": name, "arguments": '{"n": 1.10}'}} for name in ids]
    return {"role": "assistant", "tool_calls": calls}


def sent(body, **options):
    raw = json.loads(ADAPTER.request(call(body, **options), NO_ACCESS).body)
    assert complaints("Converse", raw) == ""
    assert complaints("ConverseStream", raw) == ""
    return raw


def test_the_simplest_request():
    assert sent(chat(user("hi"))) == {"messages": [{"role": "user", "content": [{"text": "hi"}]}]}


def test_system_texts_move_to_the_top_behind_the_platforms_own_with_their_cache_points():
    messages = [{"role": "system", "content": [text("a", **MARK)]}, user("hi"), {"role": "developer", "content": "b"}]
    body = sent(chat(*messages), system_prompt="first")
    assert body["system"] == [{"text": "first"}, {"text": "a"}, {"cachePoint": {"type": "default"}}, {"text": "b"}]


def test_cache_marks_on_parts_results_and_tools_become_cache_points():
    messages = [
        user([text("long", cache_control={"type": "ephemeral", "ttl": "1h"}), text("short")]),
        called("find"),
        {"role": "tool", "tool_call_id": "find", "content": [text("r", **MARK)]},
    ]
    body = sent(chat(*messages, tools=[{**FIND, **MARK}]))
    point = {"cachePoint": {"type": "default"}}
    assert body["messages"][0]["content"] == [
        {"text": "long"},
        {"cachePoint": {"type": "default", "ttl": "1h"}},
        {"text": "short"},
    ]
    assert body["messages"][2]["content"] == [
        {"toolResult": {"toolUseId": "find", "content": [{"text": "r"}]}},
        point,
    ]
    assert body["toolConfig"]["tools"][1] == point


def test_parallel_calls_and_results_keep_their_order_ids_and_digits():
    messages = [
        user("go"),
        called("a", "b"),
        {"role": "tool", "tool_call_id": "b", "content": "2"},
        {"role": "tool", "tool_call_id": "a", "content": ""},
        user("thanks"),
    ]
    assert b'"input":{"n": 1.10}' in ADAPTER.request(call(chat(*messages)), NO_ACCESS).body
    body = sent(chat(*messages))
    assert [block["toolUse"]["toolUseId"] for block in body["messages"][1]["content"]] == ["a", "b"]
    assert body["messages"][2] == {
        "role": "user",
        "content": [
            {"toolResult": {"toolUseId": "b", "content": [{"text": "2"}]}},
            {"toolResult": {"toolUseId": "a", "content": []}},
            {"text": "thanks"},
        ],
    }


def test_images_files_and_sounds_are_sent_themselves():
    parts = [
        {"type": "image_url", "image_url": {"url": "data:image/jpg;base64,iVBORw0KGgo="}},
        {"type": "image_url", "image_url": {"url": "s3://bucket/x.png"}},
        {"type": "file", "file": {"file_data": "data:application/pdf;base64,JVBERi0=", "filename": "my  file_1.pdf"}},
        {"type": "input_audio", "input_audio": {"data": "UklGRg==", "format": "wav"}},
    ]
    assert sent(chat(user(parts)))["messages"][0]["content"] == [
        {"image": {"format": "jpeg", "source": {"bytes": "iVBORw0KGgo="}}},
        {"image": {"format": "png", "source": {"s3Location": {"uri": "s3://bucket/x.png"}}}},
        {"document": {"format": "pdf", "name": "my file-1", "source": {"bytes": "JVBERi0="}}},
        {"audio": {"format": "wav", "source": {"bytes": "UklGRg=="}}},
    ]


def test_signed_thinking_comes_back_before_everything_else_of_its_turn():
    blocks = [
        {"type": "thinking", "thinking": "hm", "signature": "s"},
        {"type": "redacted_thinking", "data": "ZW5j"},
    ]
    turn = {"role": "assistant", "content": "a", "thinking_blocks": blocks}
    assert sent(chat(user("q"), turn))["messages"][1]["content"] == [
        {"reasoningContent": {"reasoningText": {"text": "hm", "signature": "s"}}},
        {"reasoningContent": {"redactedContent": "ZW5j"}},
        {"text": "a"},
    ]


def test_limits_sampling_reasoning_and_a_schema_have_their_counterparts():
    schema = {"type": "object", "properties": {}}
    body = sent(
        chat(
            max_completion_tokens=20,
            temperature=0.5,
            top_p=0.9,
            top_k=40,
            stop="END",
            reasoning_effort="high",
            thinking={"type": "enabled", "budget_tokens": 1024},
            response_format={"type": "json_schema", "json_schema": {"name": "x", "schema": schema}},
        )
    )
    del body["messages"]
    structure = body["outputConfig"]["textFormat"].pop("structure")
    assert json.loads(structure["jsonSchema"].pop("schema")) == schema
    assert structure == {"jsonSchema": {"name": "x"}}
    assert body == {
        "inferenceConfig": {"maxTokens": 20, "temperature": 0.5, "topP": 0.9, "stopSequences": ["END"]},
        "outputConfig": {"textFormat": {"type": "json_schema"}, "effort": "high"},
        "additionalModelRequestFields": {
            "top_k": 40,
            "thinking": {"type": "enabled", "budget_tokens": 1024},
        },
    }


@pytest.mark.parametrize(
    ("choice", "translated"),
    [
        (None, None),
        ("auto", {"auto": {}}),
        ("required", {"any": {}}),
        ({"type": "function", "function": {"name": "find"}}, {"tool": {"name": "find"}}),
    ],
)
def test_tools_and_the_choice_among_them(choice, translated):
    bare = {"type": "function", "function": {"name": "now", "strict": True}}
    body = sent(chat(tools=[FIND, bare], tool_choice=choice))
    assert body["toolConfig"]["tools"] == [
        {"toolSpec": {"name": "find", "inputSchema": {"json": {"type": "object"}}, "description": "d"}},
        {"toolSpec": {"name": "now", "inputSchema": {"json": {"type": "object"}}, "strict": True}},
    ]
    assert body["toolConfig"].get("toolChoice") == translated


def test_no_tools_may_be_used_where_none_are_shown():
    assert "toolConfig" not in sent(chat(tools=[FIND], tool_choice="none"))


def test_what_has_no_counterpart_is_left_out_and_named():
    members = {"seed": 1, "user": "u", "frequency_penalty": 0.1, "response_format": {"type": "json_object"}}
    usual = {"stream_options": {"include_usage": True}, "parallel_tool_calls": True, "store": False}
    request = ADAPTER.request(call(chat(**members, **usual)), NO_ACCESS)
    assert sorted(request.dropped) == ["frequency_penalty", "response_format", "seed", "user"]


@pytest.mark.parametrize(
    ("body", "param"),
    [
        (chat(n=2), "n"),
        (chat(logprobs=True), "logprobs"),
        (chat(user([{"type": "image_url", "image_url": {"url": "https://example.com/x.png"}}])), "messages[0].content"),
        (
            chat(user([{"type": "image_url", "image_url": {"url": "data:image/bmp;base64,AAAA"}}])),
            "messages[0].content",
        ),
        (chat(user([{"type": "input_audio", "input_audio": {"data": "", "format": "midi"}}])), "messages[0].content"),
        (chat(user("a"), called("a"), tools=[FIND], tool_choice="none"), "tool_choice"),
        (chat({"role": "function", "content": "x"}), "messages[0].role"),
        (chat(temperature="hot"), "temperature"),
    ],
)
def test_what_can_not_be_done_is_refused_naming_the_member(body, param):
    with pytest.raises(UnsupportedRequest) as refusal:
        sent(body)
    assert refusal.value.param == param
