"""Cohere's stream events (v2) as chat-completion chunks."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.serving.providers import StreamObserver, Usage
from apps.serving.providers.cohere import Cohere
from llmkit import sse
from tests.unit.serving.providers.calls import (
    call,
    calls_of,
    chat,
    check_chunks,
    chunks_of,
    cut,
    events_of,
    numbers,
    translated,
    words_of,
)

START = {
    "id": "c-1",
    "type": "message-start",
    "delta": {"message": {"role": "assistant", "content": [], "tool_plan": "", "tool_calls": [], "citations": []}},
}
COUNTED = {"billed_units": {"input_tokens": 5, "output_tokens": 4}, "tokens": {"input_tokens": 71, "output_tokens": 6}}


def content(index, kind="content-delta", logprobs=None, **what):
    event = {"type": kind, "index": index, "delta": {"message": {"content": what}}}
    return event if logprobs is None else {**event, "logprobs": logprobs}


def tool(kind, index, arguments, **more):
    names = {"name": more.pop("name")} if "name" in more else {}
    call = {**more, "function": {**names, "arguments": arguments}}
    return {"type": f"tool-call-{kind}", "index": index, "delta": {"message": {"tool_calls": call}}}


def end(reason="COMPLETE", **more):
    return {"type": "message-end", "delta": {"finish_reason": reason, "usage": COUNTED, **more}}


TALK = [
    START,
    content(0, "content-start", type="thinking", thinking=""),
    content(0, thinking="hm"),
    {"type": "content-end", "index": 0},
    content(1, "content-start", type="text", text=""),
    content(1, text='Hé"l', logprobs={"text": 'Hé"l', "token_ids": [1], "logprobs": [-0.5]}),
    content(1, text="lo 漢🙂\n"),
    {"type": "citation-start", "index": 0, "delta": {"message": {"citations": {"start": 0, "end": 2}}}},
    {"type": "content-end", "index": 1},
    end(),
]
TOOLS = [
    START,
    {"type": "tool-plan-delta", "delta": {"message": {"tool_plan": "I will look."}}},
    tool("start", 0, "", id="t1", type="function", name="find"),
    tool("delta", 0, '{"q": '),
    tool("delta", 0, "1.10}"),
    {"type": "tool-call-end", "index": 0},
    tool("start", 1, "", id="t2", type="function", name="now"),
    tool("delta", 1, "{}"),
    {"type": "tool-call-end", "index": 1},
    end("TOOL_CALL"),
]


def written(events) -> bytes:
    return b"".join(sse.encode(json.dumps(event, ensure_ascii=False), event["type"]) for event in events)


def stream_of(*pieces: bytes, include_usage=True) -> bytes:
    asked = call(chat(stream=True), stream=True, include_usage=include_usage, upstream_model="command-a")
    return translated(Cohere(now=lambda: 1_770_000_000.9).stream(asked), pieces)


def observed(out: bytes) -> StreamObserver:
    observer = StreamObserver()
    observer.feed(out, 1.0)
    return observer


@pytest.mark.parametrize("events", [TALK, TOOLS])
def test_every_stream_is_one_of_chat_completion_chunks(events):
    check_chunks(stream_of(written(events)))
    check_chunks(stream_of(written(events), b"data: [DONE]\n\n"))


def test_texts_thoughts_and_probabilities_come_as_they_are_and_the_usage_last():
    out = stream_of(written(TALK))
    assert (words_of(out), words_of(out, "reasoning_content")) == ('Hé"llo 漢🙂\n', "hm")
    probabilities = [
        c["choices"][0]["logprobs"] for c in chunks_of(out) if c["choices"] and c["choices"][0]["logprobs"]
    ]
    assert [found["content"][0]["logprob"] for found in probabilities] == [-0.5]
    seen = observed(out)
    assert (seen.finish_reason, seen.done, seen.model, seen.response_id) == ("stop", True, "command-a", "c-1")
    assert numbers(seen.usage) == Usage(prompt_tokens=5, completion_tokens=4)
    assert all("usage" not in chunk for chunk in chunks_of(stream_of(written(TALK), include_usage=False)))


def test_parallel_calls_keep_their_ids_indexes_and_every_fragment():
    out = stream_of(written(TOOLS))
    assert calls_of(out) == [("t1", "find", '{"q": 1.10}'), ("t2", "now", "{}")]
    assert words_of(out, "reasoning_content") == "I will look."
    assert observed(out).finish_reason == "tool_calls"


@given(st.data(), st.sampled_from([TALK, TOOLS]), st.sampled_from([b"\n", b"\r\n"]))
def test_any_cut_of_the_stream_gives_the_same_chunks(data, events, line_end):
    stream = written(events).replace(b"\n", line_end)
    assert stream_of(*data.draw(cut(stream))) == stream_of(stream)


@pytest.mark.parametrize(
    ("event", "status"),
    [
        (end("ERROR", error="bad things"), 502),
        (end("TIMEOUT"), 504),
        ({"type": 5}, 502),
        (content(0, text="x") | {"delta": {"message": {"content": [1]}}}, 502),
    ],
)
def test_an_error_ends_the_stream_without_done(event, status):
    raw = b"data: " + json.dumps(event).encode() + b"\n\n"
    out = stream_of(written(TALK[:7]), raw, written(TALK[7:]))
    seen = observed(out)
    assert (seen.error.status, seen.done) == (status, False)
    assert "error" in json.loads(events_of(out)[-1])


def test_a_stream_cut_short_and_strays_before_the_start():
    cut_short = observed(stream_of(written(TALK[:7])))
    assert (cut_short.done, cut_short.finish_reason) == (False, None)
    assert stream_of(written(TALK[1:])) == b""
