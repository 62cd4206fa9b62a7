"""Gemini's stream as chat-completion chunks."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.serving.providers import StreamObserver, Usage
from apps.serving.providers.gemini import Gemini
from llmkit import sse
from tests.unit.serving.providers.calls import (
    call,
    calls_of,
    chat,
    check_chunks,
    chunks_of,
    cut,
    deltas_of,
    events_of,
    numbers,
    translated,
    words_of,
)


def part(*parts, finish=None, index=0, usage=None):
    """One event of the stream."""
    candidate = {"index": index, "content": {"role": "model", "parts": list(parts)}}
    if finish:
        candidate["finishReason"] = finish
    event = {"candidates": [candidate], "modelVersion": "gemini-x-001", "responseId": "r-1"}
    return {**event, "usageMetadata": usage} if usage else event


COUNTED = {"promptTokenCount": 8, "candidatesTokenCount": 4, "thoughtsTokenCount": 3, "totalTokenCount": 15}
TALK = [
    part({"text": 'Hé"l'}, usage={"promptTokenCount": 8, "totalTokenCount": 8}),
    part({"text": "lo 漢🙂\n"}),
    part({"text": ""}, finish="STOP", usage=COUNTED),
]
TOOLS = [
    part({"text": "hm", "thought": True}),
    part(
        {"functionCall": {"name": "find", "args": {"q": "é"}, "id": "f1"}, "thoughtSignature": "c2ln"},
        {"functionCall": {"name": "now", "args": {}, "id": "f2"}},
    ),
    part(finish="STOP", usage=COUNTED),
]
TWO = [
    part({"text": "a"}),
    part({"text": "b"}, index=1),
    part({"text": "c"}, finish="STOP"),
    part({"text": "d"}, index=1, finish="SAFETY", usage=COUNTED),
]


def written(events) -> bytes:
    return b"".join(sse.encode(json.dumps(event, ensure_ascii=False)) for event in events)


def stream_of(*pieces: bytes, include_usage=True) -> bytes:
    asked = call(chat(stream=True), stream=True, include_usage=include_usage, upstream_model="gemini-x")
    return translated(Gemini(now=lambda: 1_770_000_000.9).stream(asked), pieces)


@pytest.mark.parametrize("events", [TALK, TOOLS, TWO])
def test_every_stream_is_one_of_chat_completion_chunks(events):
    check_chunks(stream_of(written(events)))


def test_texts_come_as_they_are_and_the_usage_last():
    out = stream_of(written(TALK))
    assert words_of(out) == 'Hé"llo 漢🙂\n'
    last = chunks_of(out)[-1]
    assert (last["choices"], last["model"], last["id"]) == ([], "gemini-x-001", "r-1")
    observer = StreamObserver()
    observer.feed(out, 1.0)
    assert numbers(observer.usage) == Usage(prompt_tokens=8, completion_tokens=7, reasoning_tokens=3)
    assert (observer.finish_reason, observer.done, observer.unreadable) == ("stop", True, False)
    assert all("usage" not in chunk for chunk in chunks_of(stream_of(written(TALK), include_usage=False)))


def test_parallel_calls_are_opened_once_each_and_keep_their_signatures():
    out = stream_of(written(TOOLS))
    assert calls_of(out) == [("f1", "find", '{"q": "é"}'), ("f2", "now", "{}")]
    assert words_of(out, "reasoning_content") == "hm"
    openers = [entry for delta in deltas_of(out) for entry in delta.get("tool_calls", ()) if "id" in entry]
    assert openers[0]["extra_content"] == {"google": {"thought_signature": "c2ln"}}
    assert chunks_of(out)[-2]["choices"][0]["finish_reason"] == "tool_calls"


def test_choices_run_beside_each_other():
    out = stream_of(written(TWO))
    assert (words_of(out), words_of(out, choice=1)) == ("ac", "bd")
    observer = StreamObserver()
    observer.feed(out, 1.0)
    assert observer.finish_reasons == {0: "stop", 1: "content_filter"}


@given(st.data(), st.sampled_from([TALK, TOOLS, TWO]), st.sampled_from([b"\n", b"\r\n"]))
def test_any_cut_of_the_stream_gives_the_same_chunks(data, events, line_end):
    stream = written(events).replace(b"\n", line_end)
    assert stream_of(*data.draw(cut(stream))) == stream_of(stream)


@pytest.mark.parametrize("before", [[], TALK[:1]])
@pytest.mark.parametrize(
    ("event", "status"),
    [
        ({"error": {"code": 503, "message": "The model is overloaded.", "status": "UNAVAILABLE"}}, 503),
        ({"error": {"code": 429, "message": "quota", "status": "RESOURCE_EXHAUSTED"}}, 429),
        ({"promptFeedback": {"blockReason": "SAFETY"}}, 400),
        ({"candidates": 3}, 502),
    ],
)
def test_an_error_ends_the_stream_without_done(before, event, status):
    out = stream_of(written([*before, event, *TALK]))
    observer = StreamObserver()
    observer.feed(out, 1.0)
    assert (observer.error.status, observer.done) == (status, False)
    assert observer.error_came_first == (not before)
    assert "error" in json.loads(events_of(out)[-1])


def test_a_stream_cut_short_is_neither_finished_nor_done():
    out = stream_of(written(TALK[:2]))
    assert "[DONE]" not in events_of(out)
    assert stream_of(b"") == b""
