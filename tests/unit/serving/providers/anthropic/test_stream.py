"""Anthropic's stream events as chat-completion chunks."""

import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.serving.providers import StreamObserver, Usage
from apps.serving.providers.anthropic import Anthropic
from llmkit import sse
from tests.unit.serving.providers.calls import call, chat, numbers

START = {
    "type": "message_start",
    "message": {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude-x",
        "content": [],
        "stop_reason": None,
        "usage": {
            "input_tokens": 10,
            "cache_read_input_tokens": 90,
            "cache_creation_input_tokens": 0,
            "output_tokens": 1,
        },
    },
}
STOP = {"type": "message_stop"}


def begin(index, **block):
    return {"type": "content_block_start", "index": index, "content_block": block}


def delta(index, kind, **members):
    return {"type": "content_block_delta", "index": index, "delta": {"type": kind, **members}}


def end(reason, **usage):
    return {"type": "message_delta", "delta": {"stop_reason": reason, "stop_sequence": None}, "usage": usage}


TALK = [
    START,
    begin(0, type="text", text=""),
    {"type": "ping"},
    delta(0, "text_delta", text='Hé"llo'),
    delta(0, "text_delta", text=" 漢🙂\n"),
    {"type": "content_block_stop", "index": 0},
    end("end_turn", output_tokens=7),
    STOP,
]
TOOLS = [
    START,
    begin(0, type="thinking", thinking=""),
    delta(0, "thinking_delta", thinking="hm"),
    delta(0, "signature_delta", signature="s"),
    begin(1, type="text", text=""),
    delta(1, "text_delta", text="Let me see."),
    begin(2, type="tool_use", id="t1", name="find", input={}),
    delta(2, "input_json_delta", partial_json=""),
    delta(2, "input_json_delta", partial_json='{"q": "a'),
    begin(3, type="tool_use", id="t2", name="now", input={}),
    delta(3, "input_json_delta", partial_json="{}"),
    delta(2, "input_json_delta", partial_json='"}'),
    end("tool_use", output_tokens=40),
    STOP,
]


def written(events) -> bytes:
    return b"".join(sse.encode(json.dumps(event), event["type"]) for event in events)


def translated(*pieces: bytes, include_usage=True) -> bytes:
    adapter = Anthropic(now=lambda: 1_770_000_000.9)
    stream = adapter.stream(call(chat(stream=True), stream=True, include_usage=include_usage))
    return b"".join([*(stream.feed(piece) for piece in pieces), stream.end()])


def events_of(stream: bytes) -> list[str]:
    return [event.text for event in sse.Parser().feed(stream)]


def chunks_of(stream: bytes) -> list[dict]:
    return [json.loads(text) for text in events_of(stream) if text != "[DONE]"]


def test_a_text_stream_chunk_by_chunk():
    events = events_of(translated(written(TALK)))
    assert events[-1] == "[DONE]"
    chunks = [json.loads(event) for event in events[:-1]]
    assert [chunk["choices"][0]["delta"] for chunk in chunks[:-1]] == [
        {"role": "assistant", "content": "", "refusal": None},
        {"content": 'Hé"llo'},
        {"content": " 漢🙂\n"},
        {},
    ]
    assert [chunk["choices"][0]["finish_reason"] for chunk in chunks[:-1]] == [None, None, None, "stop"]
    for chunk in chunks:
        assert (chunk["id"], chunk["model"], chunk["created"]) == ("msg_1", "claude-x", 1_770_000_000)
        assert chunk["object"] == "chat.completion.chunk"
    assert [chunk["usage"] for chunk in chunks[:-1]] == [None] * 4
    assert chunks[-1]["choices"] == []
    assert chunks[-1]["usage"] == {
        "prompt_tokens": 100,
        "completion_tokens": 7,
        "total_tokens": 107,
        "prompt_tokens_details": {"cached_tokens": 90, "cache_creation_tokens": 0},
        "provider_usage": {
            "input_tokens": 10,
            "cache_read_input_tokens": 90,
            "cache_creation_input_tokens": 0,
            "output_tokens": 7,
        },
    }


def test_without_being_asked_no_chunk_speaks_of_usage():
    chunks = chunks_of(translated(written(TALK), include_usage=False))
    assert len(chunks) == 4
    assert not any("usage" in chunk for chunk in chunks)


def test_tool_calls_in_parallel_keep_their_ids_indexes_and_every_fragment():
    deltas = [chunk["choices"][0]["delta"] for chunk in chunks_of(translated(written(TOOLS))) if chunk["choices"]]
    assert deltas[1:3] == [
        {"reasoning_content": "hm"},
        {"thinking_blocks": [{"type": "thinking", "thinking": "hm", "signature": "s"}]},
    ]
    calls = [part for found in deltas for part in found.get("tool_calls", [])]
    assert [(part["index"], part.get("id"), part["function"].get("name")) for part in calls] == [
        (0, "t1", "find"),
        (0, None, None),
        (0, None, None),
        (1, "t2", "now"),
        (1, None, None),
        (0, None, None),
    ]
    arguments = {0: "", 1: ""}
    for part in calls:
        arguments[part["index"]] += part["function"]["arguments"]
    assert arguments == {0: '{"q": "a"}', 1: "{}"}


def test_the_observer_understands_the_translation():
    observer = StreamObserver()
    observer.feed(translated(written(TOOLS)), 1.0)
    assert (observer.finish_reason, observer.done, observer.unreadable) == ("tool_calls", True, False)
    assert numbers(observer.usage) == Usage(prompt_tokens=100, completion_tokens=40, cached_tokens=90)
    assert observer.content_chunks == 8


@given(st.data(), st.sampled_from([TALK, TOOLS]), st.sampled_from([b"\n", b"\r\n"]))
def test_any_cut_of_the_stream_gives_the_same_chunks(data, events, line_end):
    stream = written(events).replace(b"\n", line_end)
    cuts = [0, *sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=8))), len(stream)]
    assert translated(*(stream[start:stop] for start, stop in pairwise(cuts))) == translated(stream)


@pytest.mark.parametrize(("kind", "status"), [("overloaded_error", 503), ("rate_limit_error", 429), ("api_error", 502)])
@pytest.mark.parametrize("before", [[], TALK[:4]])
def test_an_error_event_ends_the_stream_without_done(before, kind, status):
    error = {"type": "error", "error": {"type": kind, "message": "Overloaded sk-ant-REDACTED"}}
    out = translated(written([*before, error, *TALK]))
    assert events_of(out)[-1] == json.dumps(
        {"error": {"message": "Overloaded [credential]", "type": kind, "param": None, "code": None}},
        separators=(",", ":"),
    )
    observer = StreamObserver()
    observer.feed(out, 1.0)
    assert observer.error is not None
    assert (observer.error.status, observer.done) == (status, False)
    assert observer.error_came_first == (not before)


def test_a_stream_cut_short_is_neither_finished_nor_done():
    observer = StreamObserver()
    observer.feed(translated(written(TALK[:4])), 1.0)
    assert (observer.finish_reason, observer.done, observer.content_chunks) == (None, False, 1)


def test_nothing_follows_the_end():
    assert translated(written(TALK), written(TALK)) == translated(written(TALK))


@pytest.mark.parametrize("rubbish", [b"data: {oops\n\n", b'data: {"type": 1}\n\n', b"data: \xff\n\n"])
def test_what_can_not_be_read_is_an_error_in_the_stream(rubbish):
    out = translated(written(TALK[:4]), rubbish, written(TALK[4:]))
    assert "could not be read" in events_of(out)[-1]


def test_unknown_events_and_deltas_without_their_beginning_are_passed_over():
    odd = [
        {"type": "news"},
        delta(0, "text_delta", text="too early"),
        START,
        delta(5, "input_json_delta", partial_json="x"),
    ]
    assert len(chunks_of(translated(written(odd)))) == 1
