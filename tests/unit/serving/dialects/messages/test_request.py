"""Messages requests as chat requests."""

import json

import pytest

from apps.serving.dialects import DIALECTS, Invalid
from apps.serving.providers.anthropic import Anthropic
from tests.unit.serving.dialects.chats import decoded, members
from tests.unit.serving.providers.calls import NO_ACCESS, call

MARK = {"type": "ephemeral", "ttl": "1h"}
PIXEL = {"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo="}
PIXEL_URL = "data:image/png;base64,iVBORw0KGgo="
WEATHER = {
    "name": "get_weather",
    "description": "Get the current weather in a given location",
    "input_schema": {
        "type": "object",
        "properties": {"location": {"type": "string", "description": "The city and state, e.g. San Francisco, CA"}},
        "required": ["location"],
    },
}


def ask(*messages, **more):
    said = list(messages) or [user("hi")]
    return members(model="m", max_tokens=1024, messages=said, **more)


def chat(*messages, **more):
    return decoded(DIALECTS["messages"].to_chat(ask(*messages, **more)))


def said(*messages, **more):
    return chat(*messages, **more)["messages"]


def user(content):
    return {"role": "user", "content": content}


def assistant(content):
    return {"role": "assistant", "content": content}


def text(words, **more):
    return {"type": "text", "text": words, **more}


def result(call_id, content=None, **more):
    return {"type": "tool_result", "tool_use_id": call_id, "content": content, **more}


def use(call_id, name="get_weather", **arguments):
    return {"type": "tool_use", "id": call_id, "name": name, "input": arguments}


def test_the_simplest_request():
    assert chat(user("Hello, world")) == {
        "model": "m",
        "max_completion_tokens": 1024,
        "messages": [{"role": "user", "content": "Hello, world"}],
    }


def test_the_system_prompt_comes_first_as_text_or_in_blocks_with_their_marks():
    assert said(user("hi"), system="Be brief.")[0] == {"role": "system", "content": "Be brief."}
    assert said(user("hi"), system=[text("Be brief.")])[0] == {"role": "system", "content": "Be brief."}
    blocks = [text("Be brief."), text("Be kind.", cache_control=MARK)]
    assert said(user("hi"), system=blocks)[0] == {"role": "system", "content": blocks}
    assert said({"role": "system", "content": "Now be long."}, user("hi"))[0]["role"] == "system"


def test_images_become_data_urls_or_addresses():
    blocks = [
        text("What is in this image?"),
        {"type": "image", "source": PIXEL, "cache_control": MARK},
        {"type": "image", "source": {"type": "url", "url": "https://example.com/ant.jpg"}},
    ]
    assert said(user(blocks))[0]["content"] == [
        text("What is in this image?"),
        {"type": "image_url", "image_url": {"url": PIXEL_URL}, "cache_control": MARK},
        {"type": "image_url", "image_url": {"url": "https://example.com/ant.jpg"}},
    ]


def test_documents_become_files_and_texts():
    pdf = {"type": "base64", "media_type": "application/pdf", "data": "JVBERi0="}
    blocks = [
        {"type": "document", "source": pdf, "title": "terms.pdf", "context": "Ours.", "cache_control": MARK},
        {"type": "document", "source": {"type": "url", "url": "https://example.com/a.pdf"}},
        {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "Words."}, "title": "Note"},
        {
            "type": "document",
            "source": {"type": "content", "content": [text("A block."), {"type": "image", "source": PIXEL}]},
        },
        {
            "type": "search_result",
            "source": "https://example.com",
            "title": "Found",
            "content": [text("One."), text("Two.")],
        },
    ]
    assert said(user(blocks))[0]["content"] == [
        text("Ours."),
        {
            "type": "file",
            "file": {"file_data": "data:application/pdf;base64,JVBERi0=", "filename": "terms.pdf"},
            "cache_control": MARK,
        },
        {"type": "file", "file": {"file_data": "https://example.com/a.pdf", "filename": "document.pdf"}},
        text("Note\nWords."),
        text("A block."),
        {"type": "image_url", "image_url": {"url": PIXEL_URL}},
        text("Found\nhttps://example.com\nOne.\nTwo."),
    ]


def test_the_documented_round_of_a_tool_call():
    """The call and its result, as the guide to tool use shows them; every digit of the input is kept."""
    request = ask(
        user("What's the weather like in San Francisco?"),
        assistant([text("I'll check."), use("toolu_01", location="San Francisco, CA")]),
        user([result("toolu_01", "15 degrees"), text("And in Paris?")]),
        tools=[WEATHER],
    )
    request["messages"] = type(request["messages"])(
        bytes(request["messages"]).replace(b'"San Francisco, CA"}', b'"SF", "n": 1.10, "big": 12345678901234567890}')
    )
    found = decoded(DIALECTS["messages"].to_chat(request))
    assert found["tools"] == [
        {
            "type": "function",
            "function": {
                "name": "get_weather",
                "description": WEATHER["description"],
                "parameters": WEATHER["input_schema"],
            },
        }
    ]
    arguments = '{"location": "SF", "n": 1.10, "big": 12345678901234567890}'
    assert found["messages"][1:] == [
        {
            "role": "assistant",
            "content": "I'll check.",
            "tool_calls": [
                {"id": "toolu_01", "type": "function", "function": {"name": "get_weather", "arguments": arguments}}
            ],
        },
        {"role": "tool", "tool_call_id": "toolu_01", "content": "15 degrees"},
        user("And in Paris?"),
    ]


def test_results_stand_behind_their_calls_and_what_is_no_text_follows_in_the_users_name():
    image = {"type": "image", "source": PIXEL}
    messages = said(
        assistant([use("a"), use("b")]),
        user([text("Look."), result("a", [text("A map."), image]), result("b", "fine")]),
    )
    assert [message["role"] for message in messages] == ["assistant", "tool", "tool", "user"]
    assert messages[0]["content"] is None
    assert (messages[1]["content"], messages[2]["content"]) == ("A map.", "fine")
    assert messages[3]["content"] == [
        text("This came with the result of a:"),
        {"type": "image_url", "image_url": {"url": PIXEL_URL}},
        text("Look."),
    ]


@pytest.mark.parametrize(
    ("content", "told"),
    [("No such city.", "Error: No such city."), ("error 404", "error 404"), (None, "Error"), ([], "Error")],
)
def test_a_result_that_is_an_error_says_so(content, told):
    assert said(user([result("a", content, is_error=True)]))[0]["content"] == told


def test_a_mark_on_a_result_goes_to_its_last_part():
    marked = said(user([result("a", "long", cache_control=MARK)]))
    assert marked == [{"role": "tool", "tool_call_id": "a", "content": [text("long", cache_control=MARK)]}]


def test_signed_reasoning_comes_back_unchanged_and_unsigned_as_reasoning_content():
    signed = {"type": "thinking", "thinking": "hm", "signature": "EqQB"}
    dark = {"type": "redacted_thinking", "data": "EmwK"}
    plain = {"type": "thinking", "thinking": "so", "signature": ""}
    message = said(assistant([signed, dark, plain, text("Yes.")]))[0]
    assert message["thinking_blocks"] == [signed, dark]
    assert message["reasoning_content"] == "so"
    assert message["content"] == "Yes."


def test_anthropics_own_adapter_gives_back_what_was_asked():
    """Once to chat and back: what a Messages request says is still what it says."""
    conversation = [
        user([text("Look.", cache_control=MARK), {"type": "image", "source": PIXEL}]),
        assistant([{"type": "thinking", "thinking": "hm", "signature": "s"}, text("Hm."), use("a", q=1)]),
        user([result("a", [text("found")]), text("Thanks.")]),
    ]
    asked = ask(
        *conversation,
        system=[text("Be brief."), text("Be kind.", cache_control=MARK)],
        tools=[{**WEATHER, "cache_control": MARK, "strict": True}],
        tool_choice={"type": "any", "disable_parallel_tool_use": True},
        stop_sequences=["END"],
        temperature=0.5,
        top_p=0.9,
        top_k=3,
        metadata={"user_id": "u-1"},
    )
    body = json.dumps(decoded(DIALECTS["messages"].to_chat(asked))).encode()
    sent = json.loads(Anthropic().request(call(body, upstream_model="m"), NO_ACCESS).body)
    assert sent == decoded(asked)


@pytest.mark.parametrize(
    ("choice", "translated"),
    [
        ({"type": "auto"}, {"tool_choice": "auto"}),
        ({"type": "any"}, {"tool_choice": "required"}),
        ({"type": "none"}, {"tool_choice": "none"}),
        (
            {"type": "tool", "name": "get_weather"},
            {"tool_choice": {"type": "function", "function": {"name": "get_weather"}}},
        ),
        (
            {"type": "auto", "disable_parallel_tool_use": True},
            {"tool_choice": "auto", "parallel_tool_calls": False},
        ),
    ],
)
def test_the_choice_among_tools(choice, translated):
    found = chat(tools=[WEATHER], tool_choice=choice)
    assert {name: found[name] for name in ("tool_choice", "parallel_tool_calls") if name in found} == translated


def test_without_tools_nothing_is_said_of_a_choice():
    assert "tool_choice" not in chat(tool_choice={"type": "auto", "disable_parallel_tool_use": True})


@pytest.mark.parametrize(
    ("asked", "translated"),
    [
        ({"stop_sequences": ["a", "b"]}, {"stop": ["a", "b"]}),
        ({"metadata": {"user_id": "u-1"}}, {"user": "u-1"}),
        ({"temperature": 0.3, "top_p": 0.9, "top_k": 4}, {"temperature": 0.3, "top_p": 0.9, "top_k": 4}),
        ({"thinking": {"type": "enabled", "budget_tokens": 1024}}, {"reasoning_effort": "low"}),
        ({"thinking": {"type": "enabled", "budget_tokens": 4096}}, {"reasoning_effort": "medium"}),
        ({"thinking": {"type": "enabled", "budget_tokens": 16384}}, {"reasoning_effort": "high"}),
        ({"thinking": {"type": "adaptive"}}, {}),
        ({"thinking": {"type": "disabled"}}, {}),
        ({"thinking": {"type": "adaptive"}, "output_config": {"effort": "xhigh"}}, {"reasoning_effort": "xhigh"}),
        ({"stream": True}, {"stream": True, "stream_options": {"include_usage": True}}),
        ({"service_tier": "auto", "cache_control": MARK, "context_management": {"edits": []}}, {}),
        ({"seed": 7, "of_tomorrow": {"a": 1}}, {"seed": 7, "of_tomorrow": {"a": 1}}),
    ],
)
def test_options(asked, translated):
    usual = {"model", "max_completion_tokens", "messages"}
    assert {name: value for name, value in chat(**asked).items() if name not in usual} == translated


def test_a_wanted_schema_becomes_a_response_format():
    schema = {"type": "object", "properties": {"a": {"type": "string"}}, "additionalProperties": False}
    found = chat(output_config={"format": {"type": "json_schema", "schema": schema}})
    wanted = {"type": "json_schema", "json_schema": {"name": "answer", "schema": schema, "strict": True}}
    assert found["response_format"] == wanted


@pytest.mark.parametrize(
    ("asked", "param"),
    [
        ({"max_tokens": "9"}, "max_tokens"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"mcp_servers": [{"url": "https://example.com"}]}, "mcp_servers"),
        ({"container": "c-1"}, "container"),
        ({"inference_geo": "eu"}, "inference_geo"),
        ({"n": 2}, "n"),
        ({"tools": [{"type": "web_search_20250305", "name": "web_search"}]}, "tools[0].type"),
        ({"tools": [{"name": "x"}]}, "tools[0].input_schema"),
        ({"tools": [WEATHER], "tool_choice": {"type": "best"}}, "tool_choice"),
        ({"tools": [WEATHER], "tool_choice": {"type": "tool"}}, "tool_choice"),
        ({"messages": []}, "messages"),
        ({"system": [{"type": "image", "source": PIXEL}]}, "system[0].type"),
        ({"messages": [user([{"type": "video"}])]}, "messages[0].content[0].type"),
        (
            {"messages": [user([{"type": "image", "source": {"type": "file", "file_id": "f"}}])]},
            "messages[0].content[0].source.type",
        ),
        ({"messages": [user([{"type": "text"}])]}, "messages[0].content[0].text"),
        ({"messages": [user("hi"), {"role": "tool", "content": "x"}]}, "messages[1].role"),
        ({"messages": [user([use("a")])]}, "messages[0].content[0]"),
        ({"messages": [assistant([text("a"), result("a")])]}, "messages[0].content[1]"),
        (
            {
                "messages": [
                    user(
                        [{"type": "document", "source": {"type": "text", "data": "x"}, "citations": {"enabled": True}}]
                    )
                ]
            },
            "messages[0].content[0].citations",
        ),
    ],
)
def test_what_is_wrong_or_can_not_be_done_is_named(asked, param):
    request = ask() | members(**asked)
    with pytest.raises(Invalid) as caught:
        DIALECTS["messages"].to_chat(request)
    assert caught.value.param == param
    assert caught.value.message.startswith(param)
    assert caught.value.message.endswith(".")


def test_missing_members_are_named():
    for missing in ("max_tokens", "messages"):
        request = ask()
        del request[missing]
        with pytest.raises(Invalid, match=f"^{missing}: this member is required.$"):
            DIALECTS["messages"].to_chat(request)


def test_deep_nesting_is_refused_and_not_followed():
    request = ask() | {"metadata": type(ask()["model"])(b"[" * 100_000 + b"]" * 100_000)}
    with pytest.raises(Invalid):
        DIALECTS["messages"].to_chat(request)
