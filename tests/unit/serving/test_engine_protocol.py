"""What the engine understands of a chat request, and how it names what it does not."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.serving.local_engine.problems import RequestProblem
from apps.serving.local_engine.protocol import parse_chat_request

HELLO = {"role": "user", "content": "hello"}


def body(**fields) -> bytes:
    return json.dumps({"model": "tiny", "messages": [HELLO]} | fields).encode()


def refusal(raw: bytes) -> RequestProblem:
    with pytest.raises(RequestProblem) as caught:
        parse_chat_request(raw)
    assert caught.value.status == 400
    return caught.value


def refused_field(raw: bytes) -> str | None:
    try:
        parse_chat_request(raw)
    except RequestProblem as problem:
        return problem.param or "none"
    return None


def test_a_request_with_nothing_but_model_and_messages_is_enough():
    request = parse_chat_request(body())
    assert request.turns() == [HELLO]
    assert request.stops == ()
    assert request.token_limit is None


def test_text_parts_become_one_text_and_developer_becomes_system():
    parts = [{"type": "text", "text": "one"}, {"type": "text", "text": "two"}]
    request = parse_chat_request(body(messages=[{"role": "developer", "content": parts}, HELLO]))
    assert request.turns()[0] == {"role": "system", "content": "one\ntwo"}


def test_an_earlier_answer_with_all_of_a_clients_empty_fields_is_understood():
    answer = {
        "role": "assistant",
        "content": "hi",
        "refusal": None,
        "tool_calls": None,
        "annotations": [],
        "audio": None,
    }
    assert parse_chat_request(body(messages=[HELLO, answer, HELLO])).turns()[1] == {
        "role": "assistant",
        "content": "hi",
    }


def test_the_newer_name_of_the_token_limit_wins():
    assert parse_chat_request(body(max_tokens=5)).token_limit == 5
    assert parse_chat_request(body(max_tokens=5, max_completion_tokens=7)).token_limit == 7


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"model": 3}, "model"),
        ({"messages": []}, "messages"),
        ({"messages": [{"role": "wizard", "content": "hi"}]}, "messages[0].role"),
        ({"messages": [HELLO, {"role": "user", "content": 5}]}, "messages[1].content"),
        ({"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}, "messages[0].content[0].type"),
        ({"messages": [{"role": "assistant", "tool_calls": [{"id": "a"}]}]}, "messages[0].tool_calls"),
        ({"temperature": "warm"}, "temperature"),
        ({"temperature": 2.5}, "temperature"),
        ({"top_p": -0.1}, "top_p"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"max_tokens": True}, "max_tokens"),
        ({"stream": "yes"}, "stream"),
        ({"stream_options": {"include_usage": 1}}, "stream_options.include_usage"),
        ({"seed": 1.5}, "seed"),
        ({"stop": ["a", "b", "c", "d", "e"]}, "stop"),
        ({"stop": ""}, "stop"),
        ({"stop": ["a", 7]}, "stop[1]"),
        ({"n": 2}, "n"),
        ({"tools": [{"type": "function"}]}, "tools"),
        ({"response_format": {"type": "json_object"}}, "response_format"),
        ({"logprobs": True}, "logprobs"),
        ({"max_token": 5}, "max_token"),
    ],
)
def test_a_wrong_field_is_named(fields, param):
    problem = refusal(body(**fields))
    assert problem.param == param
    assert problem.body()["error"]["message"].startswith(param.split("[")[0])


@pytest.mark.parametrize("raw", [b"", b"nope", b"[1]", b'"text"', b'{"model"', b"\xff\xfe", b"[" * 100_000])
def test_a_body_that_is_no_request_is_refused_without_a_field(raw):
    assert refusal(raw).param is None


def test_a_missing_field_is_named():
    assert refusal(json.dumps({"model": "tiny"}).encode()).param == "messages"


@pytest.mark.parametrize(
    "fields", [{"n": 1}, {"response_format": {"type": "text"}}, {"tools": []}, {"logprobs": False}, {"user": "someone"}]
)
def test_fields_that_ask_for_nothing_special_pass(fields):
    assert parse_chat_request(body(**fields)).model == "tiny"


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner, max_size=3)))
def test_any_value_in_any_field_gives_a_request_or_a_named_refusal(value):
    for field in ("messages", "stop", "seed", "temperature", "stream", "tools", "stream_options"):
        assert (refused_field(body(**{field: value})) or field).startswith(field)
