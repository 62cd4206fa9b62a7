"""ConverseStream's binary events as chat-completion chunks."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.serving.providers import StreamObserver, Usage
from apps.serving.providers.bedrock import Bedrock
from tests.unit.serving.providers.bedrock.aws import failure, frame
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

START = frame("messageStart", {"role": "assistant", "p": "ab"})
METADATA = frame(
    "metadata",
    {"usage": {"inputTokens": 20, "outputTokens": 7, "totalTokens": 117, "cacheReadInputTokens": 90}, "metrics": {}},
)


def delta(block, **what):
    return frame("contentBlockDelta", {"contentBlockIndex": block, "delta": what, "p": "abcdefg"})


def use(block, call_id, name):
    start = {"toolUse": {"toolUseId": call_id, "name": name}}
    return frame("contentBlockStart", {"contentBlockIndex": block, "start": start})


def stop(reason):
    return frame("messageStop", {"stopReason": reason})


TALK = [
    START,
    delta(0, text='Hé"l'),
    delta(0, text="lo 漢🙂\n"),
    frame("contentBlockStop", {"contentBlockIndex": 0}),
    stop("end_turn"),
    METADATA,
]
TOOLS = [
    START,
    delta(0, reasoningContent={"text": "h"}),
    delta(0, reasoningContent={"text": "m"}),
    delta(0, reasoningContent={"signature": "s"}),
    delta(1, reasoningContent={"redactedContent": "ZW5j"}),
    use(2, "t1", "find"),
    delta(2, toolUse={"input": '{"q": "a'}),
    use(3, "t2", "now"),
    delta(3, toolUse={"input": "{}"}),
    delta(2, toolUse={"input": '"}'}),
    stop("tool_use"),
    METADATA,
]


def stream_of(*pieces: bytes, include_usage=True) -> bytes:
    asked = call(chat(stream=True), stream=True, include_usage=include_usage, upstream_model="nova")
    return translated(Bedrock(now=lambda: 1_770_000_000.9).stream(asked), pieces)


def observed(out: bytes) -> StreamObserver:
    observer = StreamObserver()
    observer.feed(out, 1.0)
    return observer


@pytest.mark.parametrize("events", [TALK, TOOLS])
def test_every_stream_is_one_of_chat_completion_chunks_with_one_id(events, monkeypatch):
    monkeypatch.setattr("apps.serving.providers.bedrock.stream.new_id", lambda: "chatcmpl-1")
    check_chunks(stream_of(*events))
    assert {chunk["id"] for chunk in chunks_of(stream_of(*events))} == {"chatcmpl-1"}


def test_texts_come_as_they_are_and_the_usage_last():
    out = stream_of(*TALK)
    assert words_of(out) == 'Hé"llo 漢🙂\n'
    seen = observed(out)
    assert (seen.finish_reason, seen.done, seen.model, seen.unreadable) == ("stop", True, "nova", False)
    assert numbers(seen.usage) == Usage(prompt_tokens=110, completion_tokens=7, cached_tokens=90)
    assert chunks_of(out)[-1]["choices"] == []
    assert all("usage" not in chunk for chunk in chunks_of(stream_of(*TALK, include_usage=False)))


def test_parallel_calls_keep_their_ids_indexes_and_every_fragment():
    out = stream_of(*TOOLS)
    assert calls_of(out) == [("t1", "find", '{"q": "a"}'), ("t2", "now", "{}")]
    assert words_of(out, "reasoning_content") == "hm"
    blocks = [block for found in deltas_of(out) for block in found.get("thinking_blocks", ())]
    assert blocks == [
        {"type": "thinking", "thinking": "hm", "signature": "s"},
        {"type": "redacted_thinking", "data": "ZW5j"},
    ]
    assert observed(out).finish_reason == "tool_calls"


@given(st.data(), st.sampled_from([TALK, TOOLS]))
def test_any_cut_of_the_stream_gives_the_same_chunks(data, events):
    stream = b"".join(events)

    def without_id(out):
        return [{**chunk, "id": ""} for chunk in chunks_of(out)]

    assert without_id(stream_of(*data.draw(cut(stream)))) == without_id(stream_of(stream))


@pytest.mark.parametrize("before", [[], TALK[:2]])
@pytest.mark.parametrize(
    ("event", "status", "code"),
    [
        (failure("throttlingException", "Too many tokens, slow down."), 429, "throttlingException"),
        (failure("serviceUnavailableException", "busy"), 503, "serviceUnavailableException"),
        (failure("modelStreamErrorException", "broke"), 502, "modelStreamErrorException"),
        (failure("validationException", "Input is too long for requested model."), 400, "context_length_exceeded"),
        (frame("InternalError", b"", type_header=":error-code", message="error"), 502, "InternalError"),
        (frame("contentBlockDelta", b"{oops"), 502, None),
        (START[:-1] + b"\x00", 502, None),
    ],
    ids=["throttled", "unavailable", "broken", "long", "error", "json", "damaged"],
)
def test_an_error_ends_the_stream_without_done(before, event, status, code):
    out = stream_of(*(before or [START]), event, *TALK)
    seen = observed(out)
    assert (seen.error.status, seen.error.code, seen.done) == (status, code, False)
    assert "error" in json.loads(events_of(out)[-1])


def test_a_stream_without_a_count_ends_properly_once_it_has_stopped():
    assert observed(stream_of(*TALK[:-1])).done
    cut_short = observed(stream_of(*TALK[:3]))
    assert (cut_short.done, cut_short.finish_reason, cut_short.content_chunks) == (False, None, 2)


def test_nothing_follows_the_end_and_strays_are_passed_over():
    assert len(events_of(stream_of(*TALK, *TALK))) == len(events_of(stream_of(*TALK)))
    strays = [delta(0, text="early"), START, delta(9, toolUse={"input": "x"}), frame("news", {"delta": {"text": "n"}})]
    assert words_of(stream_of(*strays)) == ""
