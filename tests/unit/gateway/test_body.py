"""Which chat requests are understood, and how the others are refused."""

import asyncio
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.gateway.proxy import reading
from apps.gateway.proxy.asked import parse
from apps.gateway.proxy.doors import CHAT_DOOR, EMBEDDINGS_DOOR
from apps.gateway.proxy.json_body import repeated_member
from apps.gateway.proxy.reading import read_body
from apps.gateway.proxy.refusals import Refusal
from apps.serving.services import read_members

HELLO = [{"role": "user", "content": "Ahoy!"}]


def refusal(body: bytes) -> Refusal:
    with pytest.raises(Refusal) as caught:
        parse(body, CHAT_DOOR)
    assert caught.value.status == 400
    return caught.value


@pytest.mark.parametrize(
    ("members", "param"),
    [
        ({"model": None}, "model"),
        ({"model": 5}, "model"),
        ({"model": ""}, "model"),
        ({"model": "x" * 201}, "model"),
        ({"messages": None}, "messages"),
        ({"messages": []}, "messages"),
        ({"messages": "hi"}, "messages"),
        ({"messages": ["hi"]}, "messages[0]"),
        ({"messages": [*HELLO, {"content": "hi"}]}, "messages[1].role"),
        ({"messages": [{"role": 1}]}, "messages[0].role"),
        ({"stream": "yes"}, "stream"),
        ({"stream_options": True}, "stream_options"),
        ({"stream_options": {"include_usage": 1}}, "stream_options.include_usage"),
        ({"temperature": "hot"}, "temperature"),
        ({"max_tokens": 1.5}, "max_tokens"),
        ({"user": 7}, "user"),
        ({"stop": 7}, "stop"),
        ({"tools": {}}, "tools"),
        ({"metadata": []}, "metadata"),
    ],
)
def test_a_member_of_the_wrong_type_is_named(members, param):
    found = refusal(json.dumps({"model": "m", "messages": HELLO} | members).encode())
    assert found.param == param
    assert found.message.startswith(param)


@pytest.mark.parametrize("missing", ["model", "messages"])
def test_a_missing_member_is_named(missing):
    body = {"model": "m", "messages": HELLO}
    del body[missing]
    found = refusal(json.dumps(body).encode())
    assert (found.param, found.code) == (missing, "missing_member")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"hello",
        b"null",
        b'{"model": "m"',
        b'[{"model": "m"}]',
        b'{"model": "m", "messages": [{"role": "user"}]} trailing',
        b'{"model": "m", "messages": [{"role": "user"}], "temperature": NaN}',
        b'{"model": "m", "messages": [{"role": "user"}], "temperature": -Infinity}',
        b'{"model": "m", "messages": [{"role": "user"}], "seed": 01}',
        b'{"model": "m", "messages": [{"role": "user", "content": "\xff\xfe"}]}',
        b'{"model": "m", "messages": [{"role": "user", "content": "\xed\xa0\x80"}]}',
        b'{"model": "m", "messages": [{"role": "user", "content": "\\ud800"}]}',
        b'{"model": "m", "messages": [{"role": "user", "content": "\\ud800abc"}]}',
        b'{"model": "m", "messages": [{"role": "user", "content": "a\x01b"}]}',
        b'\xef\xbb\xbf{"model": "m", "messages": [{"role": "user"}]}',
        b'{"model": "m", "messages": ' + b"[" * 200_000 + b"]" * 200_000 + b"}",
        b'{"model": "m", "messages": [{"role": "user"}], "x": ' + b'{"a":' * 200_000 + b"1" + b"}" * 200_000 + b"}",
    ],
)
def test_what_is_no_json_object_is_refused(body):
    refusal(body)


def test_nulls_stand_for_members_left_out():
    request = parse(json.dumps({"model": "m", "messages": HELLO, "stream": None, "stop": None}).encode(), CHAT_DOOR)
    assert not request.asked.stream


def test_unknown_members_are_kept_as_they_are_written():
    request = parse(b'{"model":"m","messages":[{"role":"user"}],"acme":{"a": 1.50 , "b":[null]}}', CHAT_DOOR)
    assert bytes(request.members["acme"]) == b'{"a": 1.50 , "b":[null]}'


@pytest.mark.parametrize(
    "body",
    [
        b'{"model":"a","messages":[{"role":"user"}],"model":"b"}',
        b'{"model":"b","messages":[{"role":"user"}],"model":"b"}',
        b'{ "model" : "a" , "messages" : [{"role":"user"}] , "model" : "ab" }',
        b'{"model":"ab","messages":[{"role":"user"}],"model":"a"}',
        b'{"mod\\u0065l":"a","messages":[{"role":"user"}],"model":"b"}',
    ],
)
def test_a_member_that_stands_twice_is_refused(body):
    found = refusal(body)
    assert (found.param, found.code) == ("model", "duplicate_member")


@pytest.mark.parametrize(
    ("members", "param"),
    [
        ({"model": 5}, "model"),
        ({"input": None}, "input"),
        ({"input": ""}, "input"),
        ({"input": []}, "input"),
        ({"input": ["hi", ""]}, "input[1]"),
        ({"input": ["hi", 2.5]}, "input[1]"),
        ({"input": [[1, "two"]]}, "input[0][1]"),
        ({"encoding_format": "hex"}, "encoding_format"),
        ({"dimensions": 0}, "dimensions"),
        ({"user": 7}, "user"),
    ],
)
def test_a_wrong_member_of_an_embeddings_request_is_named(members, param):
    with pytest.raises(Refusal) as caught:
        parse(json.dumps({"model": "m", "input": "Ahoy!"} | members).encode(), EMBEDDINGS_DOOR)
    assert (caught.value.status, caught.value.param) == (400, param)


@pytest.mark.parametrize("given", ["Ahoy!", ["Ahoy!", "Hello"], [17, 4], [[17, 4], [2]]])
def test_text_and_tokens_can_be_embedded(given):
    assert parse(json.dumps({"model": "m", "input": given}).encode(), EMBEDDINGS_DOOR).asked.input == given


names = st.text(max_size=5)
values = st.one_of(st.none(), st.integers(), st.text(max_size=5), st.lists(st.integers(), max_size=2))
spaces = st.sampled_from(["", " ", "\n\t "])


@given(st.lists(st.tuples(names, values), max_size=6), spaces, spaces, st.booleans())
def test_repetitions_are_found_in_any_spelling(pairs, before, after, ascii_only):
    members = f"{before},{after}".join(
        f"{json.dumps(name, ensure_ascii=ascii_only)}{before}:{after}{json.dumps(value)}" for name, value in pairs
    )
    raw = f"{after}{{{before}{members}{after}}}{before}".encode()
    twice = repeated_member(raw, read_members(raw))
    repeated = {name for name, _ in pairs if [other for other, _ in pairs].count(name) > 1}
    assert twice in repeated if repeated else twice is None


async def silence() -> dict[str, object]:
    await asyncio.Event().wait()
    raise AssertionError("Nothing ever comes.")


def test_a_body_of_which_nothing_comes_is_not_waited_for_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "BODY_SECONDS", 0.01)
    with pytest.raises(Refusal) as caught:
        asyncio.run(read_body(silence, b"57", 1000))
    assert (caught.value.status, caught.value.code) == (408, "body_timeout")
