"""Responses as chat requests, and the answers and typed events as the official client reads them."""

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.serving.dialects import DIALECTS, Invalid, ToldError, UnreadableAnswer
from tests.unit.serving.dialects.chats import (
    REFUSED,
    STREAMS,
    TALK,
    TOOLS,
    USAGE,
    completion,
    decoded,
    events_of,
    grouped,
    members,
    openai_client,
    streamed,
    tool,
)

RESPONSES = DIALECTS["responses"]
WEATHER = {"type": "function", "name": "weather", "parameters": {"type": "object"}, "strict": True}


def ask(given="hi", **more):
    return members(model="m", input=given, **more)


def chat(given="hi", **more):
    return decoded(RESPONSES.to_chat(ask(given, **more)))


def said(*items, **more):
    return chat(list(items), **more)["messages"]


def user(text):
    return {"role": "user", "content": text}


def call(call_id="c1", name="weather", arguments="{}"):
    return {"type": "function_call", "call_id": call_id, "name": name, "arguments": arguments}


# --- requests ---------------------------------------------------------------------------------------------------


def test_a_text_is_a_message_of_the_user_behind_the_instructions():
    assert chat(instructions="Be brief.")["messages"] == [{"role": "system", "content": "Be brief."}, user("hi")]


def test_calls_and_their_results_become_turns():
    result = {"type": "function_call_output", "call_id": "c1", "output": "rain"}
    asked, answered, told, again = said(user("Weather?"), call(), result, user("And now?"))
    assert (asked, again) == (user("Weather?"), user("And now?"))
    assert answered["tool_calls"] == [tool("c1", "weather", "{}")]
    assert told == {"role": "tool", "tool_call_id": "c1", "content": "rain"}


def test_the_stored_conversation_stands_between_instructions_and_input():
    history = [msgspec.Raw(json.dumps(item).encode()) for item in (user("One?"), {"role": "assistant", "content": "1"})]
    found = decoded(RESPONSES.to_chat(ask("Two?", instructions="Count."), history))["messages"]
    assert [turn["role"] for turn in found] == ["system", "user", "assistant", "user"]


def test_options_get_the_names_of_chat():
    found = chat(max_output_tokens=9, reasoning={"effort": "low"}, text={"verbosity": "low"}, top_logprobs=2, seed=7)
    wanted = {"max_completion_tokens": 9, "reasoning_effort": "low", "verbosity": "low", "logprobs": True, "seed": 7}
    assert found.items() >= (wanted | {"top_logprobs": 2}).items()


@pytest.mark.parametrize(
    ("wanted", "asked"),
    [
        ({"type": "text"}, None),
        ({"type": "json_object"}, {"type": "json_object"}),
        (
            {"type": "json_schema", "name": "port", "schema": {"type": "object"}, "strict": True},
            {"type": "json_schema", "json_schema": {"name": "port", "schema": {"type": "object"}, "strict": True}},
        ),
    ],
    ids=["text", "object", "schema"],
)
def test_formats_get_the_shape_of_chat(wanted, asked):
    assert chat(text={"format": wanted}).get("response_format") == asked


def test_tools_are_wrapped_and_only_those_that_may_be_called_are_shown():
    other = {**WEATHER, "name": "time"}
    allowed = {"type": "allowed_tools", "mode": "required", "tools": [{"type": "function", "name": "time"}]}
    found = chat(tools=[WEATHER, other], tool_choice=allowed)
    assert [one["function"]["name"] for one in found["tools"]] == ["time"]
    assert found["tool_choice"] == "required"


def test_a_stream_asks_for_its_usage():
    assert chat(stream=True)["stream_options"] == {"include_usage": True}


@pytest.mark.parametrize(
    ("given", "more", "param"),
    [
        ([], {}, "input"),
        ("hi", {"background": True}, "background"),
        ("hi", {"conversation": "conv_1"}, "conversation"),
        ("hi", {"messages": [{}]}, "messages"),
        ("hi", {"n": 2}, "n"),
        ("hi", {"text": {"format": {"type": "grammar"}}}, "text.format.type"),
        ([{"type": "item_reference", "id": "x"}], {}, "input[0]"),
        ([{"type": "computer_call"}], {}, "input[0].type"),
        ([{"role": "wizard", "content": "hi"}], {}, "input[0].role"),
        ([user("hi"), {**call(), "call_id": ""}], {}, "input[1].call_id"),
        ("hi", {"tools": [WEATHER], "tool_choice": {"type": "allowed_tools", "tools": []}}, "tool_choice.tools"),
    ],
)
def test_what_a_chat_cannot_do_is_refused_by_name(given, more, param):
    with pytest.raises(Invalid) as refused:
        chat(given, **more)
    assert refused.value.param == param


# --- answers ----------------------------------------------------------------------------------------------------


def read(body):
    return openai_client(body).responses.create(model="m", input="hi")


def test_an_answer_is_read_by_the_official_client():
    message = {"content": "Hé", "reasoning_content": "hm", "tool_calls": [tool("c1", "weather", '{"in": "Oslo"}')]}
    answer = read(RESPONSES.answer(ask(instructions="Be brief."), completion(message, "tool_calls")))
    assert [item.type for item in answer.output] == ["reasoning", "message", "function_call"]
    assert (answer.output_text, answer.instructions, answer.status) == ("Hé", "Be brief.", "completed")
    assert json.loads(answer.output[2].arguments) == {"in": "Oslo"}
    assert answer.usage.input_tokens_details.cached_tokens == 90
    assert answer.usage.total_tokens == USAGE["total_tokens"]


@pytest.mark.parametrize(
    ("finish", "status", "reason"),
    [
        ("stop", "completed", None),
        ("length", "incomplete", "max_output_tokens"),
        ("content_filter", "incomplete", "content_filter"),
    ],
)
def test_an_answer_that_was_cut_off_says_why(finish, status, reason):
    answer = read(RESPONSES.answer(ask(), completion({"content": "Half"}, finish)))
    assert (answer.status, answer.output[-1].status) == (status, status)
    assert (answer.incomplete_details and answer.incomplete_details.reason) == reason


@pytest.mark.parametrize("body", [b"nonsense", b"[]", b'{"choices": []}'])
def test_what_is_no_chat_completion_is_unreadable(body):
    with pytest.raises(UnreadableAnswer):
        RESPONSES.answer(ask(), body)


# --- streams ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", STREAMS)
def test_events_are_numbered_and_the_last_one_holds_what_was_told(name):
    stream = RESPONSES.stream(ask())
    events = events_of(streamed(stream, STREAMS[name]))
    assert [event["sequence_number"] for event in events] == list(range(len(events)))
    assert [event["type"] for event in events[:2]] == ["response.created", "response.in_progress"]
    assert events[-1]["type"] == "response.completed"
    assert json.loads(stream.answer) == events[-1]["response"]
    done = [event["item"] for event in events if event["type"] == "response.output_item.done"]
    assert sorted(done, key=lambda item: item["id"]) == sorted(
        events[-1]["response"]["output"], key=lambda item: item["id"]
    )
    added = [event["output_index"] for event in events if event["type"] == "response.output_item.added"]
    assert added == list(range(len(added)))


def test_the_official_client_puts_a_stream_together():
    with openai_client(streamed(RESPONSES.stream(ask()), TALK)).responses.stream(model="m", input="hi") as stream:
        deltas = [event.delta for event in stream if event.type == "response.output_text.delta"]
        answer = stream.get_final_response()
    assert "".join(deltas) == answer.output_text == 'Hé"llo 漢🙂\n'
    assert answer.usage.output_tokens == USAGE["completion_tokens"]


def test_calls_and_refusals_of_a_stream_are_what_they_are_whole():
    output = events_of(streamed(RESPONSES.stream(ask()), TOOLS))[-1]["response"]["output"]
    calls = [(item["name"], json.loads(item["arguments"])) for item in output if item["type"] == "function_call"]
    assert calls == [("find", {"q": "a"}), ("now", {})]
    (refused,) = events_of(streamed(RESPONSES.stream(ask()), REFUSED))[-1]["response"]["output"]
    assert refused["content"] == [{"type": "refusal", "refusal": "I can't do that."}]


@given(st.sampled_from(sorted(STREAMS)), st.data())
def test_however_the_chunks_come_the_same_is_told(name, data):
    chunks = STREAMS[name]
    stream = RESPONSES.stream(ask())
    out = b"".join(stream.feed(group) for group in data.draw(grouped(chunks))) + stream.end()
    whole = RESPONSES.stream(ask())
    assert _without_ids(out) == _without_ids(streamed(whole, chunks))


def _without_ids(stream: bytes) -> list[str]:
    """The types, in order: ids are drawn by lot."""
    return [event["type"] for event in events_of(stream)]


@given(st.integers(0, len(TALK) - 2))
def test_a_stream_that_breaks_off_fails_with_what_was_whole_by_then(cut):
    stream = RESPONSES.stream(ask())
    out = stream.feed(TALK[:cut]) + stream.fail(ToldError(status=429, message="Slow down."))
    last = events_of(out)[-1]
    assert last["type"] == "response.failed"
    assert last["response"]["error"]["code"] == "rate_limit_exceeded"
    assert last["response"]["output"] == []
