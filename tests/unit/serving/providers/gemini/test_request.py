"""Chat-completions requests as Gemini wants them."""

import json

import pytest

from apps.serving.providers import Access, UnsupportedRequest, adapter_for
from tests.unit.serving.providers.calls import NO_ACCESS, call, chat

ADAPTER = adapter_for("gemini")
PIXEL = "data:image/png;base64,iVBORw0KGgo="
WEATHER = {
    "type": "function",
    "function": {"name": "weather", "description": "d", "parameters": {"type": "object", "properties": {}}},
}


def user(content):
    return {"role": "user", "content": content}


def called(*calls):
    return {
        "role": "assistant",
        "tool_calls": [
            {"id": name, "type": "function", "function": {"name": name, "arguments": arguments}, **more}
            for name, arguments, more in calls
        ],
    }


def sent(body, **options):
    return json.loads(ADAPTER.request(call(body, **options), NO_ACCESS).body)


def config(**members):
    return sent(chat(**members), upstream_model=members.pop("to", "gemini-3-pro"))["generationConfig"]


def test_the_simplest_request():
    request = ADAPTER.request(call(chat(user("hi")), upstream_model="gemini-2.5-flash"), Access("AIza-1"))
    assert (request.method, request.path, request.dropped) == ("POST", "/models/gemini-2.5-flash:generateContent", ())
    assert dict(request.headers) == {b"content-type": b"application/json", b"x-goog-api-key": b"AIza-1"}
    assert json.loads(request.body) == {"contents": [{"role": "user", "parts": [{"text": "hi"}]}]}


def test_a_stream_has_an_address_of_its_own_and_models_their_collection():
    request = ADAPTER.request(call(chat(), upstream_model="tunedModels/a b", stream=True), NO_ACCESS)
    assert request.path == "/tunedModels/a%20b:streamGenerateContent?alt=sse"
    assert ADAPTER.models_request(NO_ACCESS).path == "/models"
    assert (ADAPTER.base_path(""), ADAPTER.base_path("/v1")) == ("/v1beta", "/v1")


def test_system_texts_become_the_instruction_behind_the_platforms_own():
    messages = [{"role": "system", "content": "a"}, user("hi"), {"role": "developer", "content": "b"}]
    body = sent(chat(*messages), system_prompt="first")
    assert body["systemInstruction"] == {"parts": [{"text": "first"}, {"text": "a"}, {"text": "b"}]}
    assert body["contents"] == [{"role": "user", "parts": [{"text": "hi"}]}]


def test_parallel_calls_and_their_results_keep_order_ids_digits_and_signatures():
    signature = {"extra_content": {"google": {"thought_signature": "c2ln"}}}
    messages = [
        user("go"),
        called(("find", '{"q": 1.10, "big": 12345678901234567890}', signature), ("now", "", {})),
        {"role": "tool", "tool_call_id": "now", "content": "noon"},
        {"role": "tool", "tool_call_id": "find", "content": [{"type": "text", "text": '{"found": 2.50}'}]},
    ]
    raw = ADAPTER.request(call(chat(*messages)), NO_ACCESS).body
    assert b'{"q": 1.10, "big": 12345678901234567890}' in raw
    assert b'"response":{"found": 2.50}' in raw
    _, model, results = json.loads(raw)["contents"]
    assert model["role"] == "model"
    assert [part["functionCall"]["id"] for part in model["parts"]] == ["find", "now"]
    assert [part.get("thoughtSignature") for part in model["parts"]] == ["c2ln", None]
    assert [part["functionResponse"] for part in results["parts"]] == [
        {"id": "now", "name": "now", "response": {"output": "noon"}},
        {"id": "find", "name": "find", "response": {"found": 2.5}},
    ]


def test_media_go_inline_or_by_their_address():
    parts = [
        {"type": "image_url", "image_url": {"url": PIXEL}},
        {"type": "image_url", "image_url": {"url": "https://example.com/x.webp?size=2"}},
        {"type": "input_audio", "input_audio": {"data": "UklGRg==", "format": "wav"}},
        {"type": "file", "file": {"file_data": "data:application/pdf;base64,JVBERi0=", "filename": "a.pdf"}},
    ]
    (turn,) = sent(chat(user(parts)))["contents"]
    assert turn["parts"] == [
        {"inlineData": {"mimeType": "image/png", "data": "iVBORw0KGgo="}},
        {"fileData": {"mimeType": "image/webp", "fileUri": "https://example.com/x.webp?size=2"}},
        {"inlineData": {"mimeType": "audio/wav", "data": "UklGRg=="}},
        {"inlineData": {"mimeType": "application/pdf", "data": "JVBERi0="}},
    ]


def test_sampling_limits_choices_and_probabilities_have_their_counterparts():
    members = {
        "temperature": 1.5, "top_p": 0.9, "top_k": 40, "seed": 7, "n": 2, "stop": "END", "max_tokens": 10,
        "presence_penalty": 0.1, "frequency_penalty": 0.2, "logprobs": True, "top_logprobs": 3,
    }  # fmt: skip
    assert config(**members) == {
        "temperature": 1.5, "topP": 0.9, "topK": 40, "seed": 7, "candidateCount": 2, "stopSequences": ["END"],
        "maxOutputTokens": 10, "presencePenalty": 0.1, "frequencyPenalty": 0.2, "responseLogprobs": True,
        "logprobs": 3,
    }  # fmt: skip


def test_json_is_asked_for_with_and_without_a_schema():
    schema = {"type": "object", "properties": {"a": {"type": ["string", "null"]}}}
    wanted = {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}
    assert config(response_format=wanted) == {"responseMimeType": "application/json", "responseJsonSchema": schema}
    assert config(response_format={"type": "json_object"}) == {"responseMimeType": "application/json"}
    assert "generationConfig" not in sent(chat(response_format={"type": "text"}))


@pytest.mark.parametrize(
    ("members", "model", "thinking"),
    [
        ({"reasoning_effort": "low"}, "gemini-3-pro", {"thinkingLevel": "low", "includeThoughts": True}),
        ({"reasoning_effort": "high"}, "gemini-2.5-pro", {"thinkingBudget": 24576, "includeThoughts": True}),
        ({"reasoning_effort": "none"}, "gemini-2.5-flash", {"thinkingBudget": 0, "includeThoughts": False}),
        (
            {"thinking": {"type": "enabled", "budget_tokens": 512}},
            "x",
            {"thinkingBudget": 512, "includeThoughts": True},
        ),
        ({"thinking": {"type": "disabled"}}, "x", {"thinkingBudget": 0}),
    ],
)
def test_how_much_to_think_is_said_in_the_models_own_way(members, model, thinking):
    body = sent(chat(**members), upstream_model=model)
    assert body["generationConfig"]["thinkingConfig"] == thinking


@pytest.mark.parametrize(
    ("choice", "mode"),
    [
        (None, None),
        ("auto", {"mode": "AUTO"}),
        ("required", {"mode": "ANY"}),
        ("none", {"mode": "NONE"}),
        ({"type": "function", "function": {"name": "weather"}}, {"mode": "ANY", "allowedFunctionNames": ["weather"]}),
    ],
)
def test_tools_and_the_choice_among_them(choice, mode):
    body = sent(chat(tools=[WEATHER, {"type": "function", "function": {"name": "now"}}], tool_choice=choice))
    assert body["tools"] == [
        {
            "functionDeclarations": [
                {
                    "name": "weather",
                    "description": "d",
                    "parametersJsonSchema": {"type": "object", "properties": {}},
                },
                {"name": "now"},
            ]
        }
    ]
    assert body.get("toolConfig") == (mode and {"functionCallingConfig": mode})


def test_what_has_no_counterpart_is_left_out_and_named():
    request = ADAPTER.request(
        call(chat(user="u", logit_bias={"1": 2}, store=False, parallel_tool_calls=False)), NO_ACCESS
    )
    assert sorted(request.dropped) == ["logit_bias", "parallel_tool_calls", "user"]


@pytest.mark.parametrize(
    ("body", "param"),
    [
        (chat({"role": "tool", "tool_call_id": "x", "content": "y"}), "messages[0].tool_call_id"),
        (chat(reasoning_effort="extreme"), "reasoning_effort"),
        (chat(called(("f", "[1]", {}))), "messages[0].tool_calls"),
        (chat(tools=[{"type": "web_search"}]), "tools"),
        (chat(user([{"type": "video_url"}])), "messages[0].content"),
    ],
)
def test_what_can_not_be_done_is_refused_naming_the_member(body, param):
    with pytest.raises(UnsupportedRequest) as refusal:
        sent(body)
    assert refusal.value.param == param
