"""Legacy completions as chat requests, and the answers as the official client reads them."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.serving.dialects import DIALECTS, Invalid, ToldError, UnreadableAnswer
from tests.unit.serving.dialects.chats import (
    COUNTED,
    ROLE,
    TALK,
    USAGE,
    chunk,
    completion,
    decoded,
    events_of,
    grouped,
    members,
    openai_client,
    streamed,
)

COMPLETIONS = DIALECTS["completions"]
TOKENS = {"content": [{"token": "Hé", "logprob": -0.1, "top_logprobs": [{"token": "Ha", "logprob": -2.5}]}]}


def ask(prompt="Say hi", **more):
    return members(model="m", prompt=prompt, **more)


def chat(prompt="Say hi", **more):
    return decoded(COMPLETIONS.to_chat(ask(prompt, **more)))


def test_the_prompt_becomes_the_only_message_with_the_sixteen_tokens_of_old():
    assert chat() == {"model": "m", "messages": [{"role": "user", "content": "Say hi"}], "max_completion_tokens": 16}
    assert chat(["Say hi"], max_tokens=5)["max_completion_tokens"] == 5


def test_members_that_mean_the_same_in_both_go_through():
    given = {"temperature": 0.5, "stop": ["."], "seed": 7, "user": "ada", "lab_extra": {"kept": 1}}
    assert chat(**given).items() >= given.items()


@pytest.mark.parametrize(
    ("more", "asked"),
    [
        ({"logprobs": 3}, {"logprobs": True, "top_logprobs": 3}),
        ({"logprobs": 0}, {"logprobs": True}),
    ],
)
def test_the_number_of_log_probabilities_becomes_two_members(more, asked):
    found = chat(**more)
    assert {name: found[name] for name in found if "logprobs" in name} == asked


@pytest.mark.parametrize(
    ("prompt", "more", "param"),
    [
        (["a", "b"], {}, "prompt"),
        ([1, 2], {}, "prompt"),
        ([], {}, "prompt"),
        (7, {}, "prompt"),
        ("a", {"suffix": "end"}, "suffix"),
        ("a", {"echo": True}, "echo"),
        ("a", {"best_of": 3}, "best_of"),
        ("a", {"n": 2, "best_of": 3}, "best_of"),
        ("a", {"logprobs": 21}, "logprobs"),
        ("a", {"logprobs": -1}, "logprobs"),
        ("a", {"tools": [{}]}, "tools"),
        ("a", {"messages": [{}]}, "messages"),
    ],
)
def test_what_a_chat_cannot_do_is_refused_by_name(prompt, more, param):
    with pytest.raises(Invalid) as refused:
        chat(prompt, **more)
    assert refused.value.param == param


def test_as_many_answers_as_are_shown_are_taken():
    assert chat(n=2, best_of=2)["n"] == 2


def test_an_answer_is_read_by_the_official_client():
    body = COMPLETIONS.answer(ask(logprobs=1), completion({"content": "Hé"}, choice={"logprobs": TOKENS}))
    read = openai_client(body).completions.create(model="m", prompt="Say hi")
    (choice,) = read.choices
    assert (read.id, read.object, choice.text, choice.finish_reason) == ("cmpl-1", "text_completion", "Hé", "stop")
    assert read.usage.total_tokens == USAGE["total_tokens"]
    assert (choice.logprobs.tokens, choice.logprobs.text_offset) == (["Hé"], [len("Say hi")])
    assert choice.logprobs.top_logprobs == [{"Ha": -2.5}]


@pytest.mark.parametrize(
    ("message", "finish", "text", "reason"),
    [
        ({"content": None, "refusal": "No."}, "stop", "No.", "stop"),
        ({"content": "Half"}, "length", "Half", "length"),
        ({"content": None, "tool_calls": []}, "tool_calls", "", "stop"),
    ],
)
def test_ends_that_completions_do_not_know_become_ones_that_they_do(message, finish, text, reason):
    (choice,) = json.loads(COMPLETIONS.answer(ask(), completion(message, finish)))["choices"]
    assert (choice["text"], choice["finish_reason"], choice["logprobs"]) == (text, reason, None)


@pytest.mark.parametrize("body", [b"nonsense", b"[]", b'{"id": "x"}'])
def test_what_is_no_chat_completion_is_unreadable(body):
    with pytest.raises(UnreadableAnswer):
        COMPLETIONS.answer(ask(), body)


def test_a_stream_is_read_by_the_official_client():
    stream = streamed(COMPLETIONS.stream(ask()), TALK)
    chunks = list(openai_client(stream).completions.create(model="m", prompt="Say hi", stream=True))
    assert "".join(choice.text for one in chunks for choice in one.choices) == 'Hé"llo 漢🙂\n'
    assert [choice.finish_reason for one in chunks for choice in one.choices][-1] == "stop"
    assert chunks[-1].usage.completion_tokens == USAGE["completion_tokens"]
    assert {one.id for one in chunks} == {"cmpl-1"}


@given(grouped(TALK))
def test_however_the_chunks_come_the_events_are_the_same(groups):
    stream = COMPLETIONS.stream(ask())
    assert b"".join(stream.feed(group) for group in groups) + stream.end() == streamed(COMPLETIONS.stream(ask()), TALK)


def test_tokens_of_a_stream_are_placed_one_behind_the_other():
    said = [chunk({"content": "Hé"}, choice={"logprobs": TOKENS}) for _ in range(2)]
    events = events_of(streamed(COMPLETIONS.stream(ask(logprobs=1)), [ROLE, *said, chunk({}, "stop"), COUNTED]))
    offsets = [event["choices"][0]["logprobs"]["text_offset"] for event in events[:2]]
    assert offsets == [[6], [8]]


@given(st.integers(0, len(TALK)))
def test_a_stream_that_breaks_off_ends_with_an_error_and_without_done(cut):
    stream = COMPLETIONS.stream(ask())
    out = stream.feed(TALK[:cut]) + stream.fail(ToldError(status=502, message="Gone.", code="provider_unreachable"))
    assert b"[DONE]" not in out
    assert events_of(out)[-1]["error"]["message"] == "Gone."
