"""Mistral's answers, streams, embeddings and errors in OpenAI's shape."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.serving.providers import ProviderError, StreamObserver, Usage, adapter_for
from llmkit import sse
from tests.unit.serving.providers.calls import (
    NO_ACCESS,
    call,
    calls_of,
    chat,
    check_chunks,
    chunks_of,
    cut,
    embed,
    events_of,
    numbers,
    translated,
    words_of,
)

ADAPTER = adapter_for("mistral")
THOUGHT = [
    {"type": "thinking", "thinking": [{"type": "text", "text": "h"}, {"type": "text", "text": "m"}]},
    {"type": "text", "text": "42"},
]
CALLS = [{"id": "D681PevKs", "function": {"name": "find", "arguments": '{"q": 1.10}'}, "index": 0}]


def answer(message, finish="stop"):
    choice = {"index": 0, "message": {"role": "assistant", **message}, "finish_reason": finish}
    return json.dumps({"id": "x", "choices": [choice], "usage": {"prompt_tokens": 1}}).encode()


def choice_of(body):
    return json.loads(ADAPTER.plain(body))["choices"][0]


def test_an_answer_without_a_difference_goes_through_byte_for_byte():
    body = answer({"content": "hi", "tool_calls": None})
    assert ADAPTER.plain(body) is body


def test_thoughts_tool_types_and_reasons_become_openais():
    thought = choice_of(answer({"content": THOUGHT}))
    assert thought["message"] == {"role": "assistant", "content": "42", "reasoning_content": "hm"}
    called = choice_of(answer({"content": "", "tool_calls": CALLS}, "tool_calls"))
    assert called["message"]["tool_calls"] == [{**CALLS[0], "type": "function"}]
    assert choice_of(answer({"content": "a"}, "model_length"))["finish_reason"] == "length"


@pytest.mark.parametrize("body", [answer({"content": ""}, "error"), b'{"choices":[{"message":{"content":[oops'])
def test_a_broken_answer_is_an_error(body):
    with pytest.raises(ProviderError) as failure:
        ADAPTER.plain(body)
    assert failure.value.status == 502


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (
            429,
            b'{"object":"error","message":"busy","type":"service_tier_capacity_exceeded","code":"3505"}',
            (429, "rate_limit_error", "service_tier_capacity_exceeded"),
        ),
        (
            400,
            b'{"message":"Prompt contains 9 tokens, too large for model with 8 maximum context length","code":"3051"}',
            (400, "invalid_request_error", "context_length_exceeded"),
        ),
        (422, b'{"detail":[{"type":"extra_forbidden","loc":["body","x"]}]}', (422, "invalid_request_error", None)),
        (401, b'{"detail":"Unauthorized"}', (401, "authentication_error", None)),
    ],
)
def test_mistrals_types_become_codes(status, body, expected):
    error = ADAPTER.error(status, body)
    assert (error.status, error.type, error.code) == expected


def test_embeddings_have_mistrals_names_and_come_back_in_order():
    asked = embed({"input": ["a", "b"], "dimensions": 8, "encoding_format": "float", "user": "u"}, "mistral-embed")
    request = ADAPTER.embeddings_request(asked, NO_ACCESS)
    assert (request.path, request.dropped) == ("/embeddings", ("user",))
    assert json.loads(request.body) == {"model": "mistral-embed", "input": ["a", "b"], "output_dimension": 8}
    body = json.dumps(
        {"data": [{"index": 1, "embedding": [2]}, {"index": 0, "embedding": [1]}], "usage": {"prompt_tokens": 4}}
    )
    found = json.loads(ADAPTER.embeddings_answer(asked, body.encode()))
    assert [entry["embedding"] for entry in found["data"]] == [[1.0], [2.0]]
    assert found["usage"]["prompt_tokens"] == 4
    with pytest.raises(ProviderError):
        ADAPTER.embeddings_answer(asked, b"{}")


# --- streams -------------------------------------------------------------------------------------------------------


def event(delta, finish=None, **more):
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return {"id": "x", "object": "chat.completion.chunk", "created": 1, "model": "m-1", "choices": [choice], **more}


COUNTED = {"prompt_tokens": 5, "completion_tokens": 3, "total_tokens": 8}
TALK = [
    event({"role": "assistant", "content": ""}),
    event({"content": THOUGHT[:1]}),
    event({"content": 'Hé"llo 漢🙂'}),
    event({"content": ""}, "stop", usage=COUNTED),
]
TOOLS = [
    event({"role": "assistant", "content": ""}),
    event(
        {"content": "", "tool_calls": [*CALLS, {**CALLS[0], "id": "E681PevKs", "index": 1}]},
        "tool_calls",
        usage=COUNTED,
    ),
]


def written(events) -> bytes:
    texts = [json.dumps(found, ensure_ascii=False) for found in events]
    return b"".join(sse.encode(text) for text in [*texts, "[DONE]"])


def stream_of(*pieces: bytes, include_usage=True) -> bytes:
    return translated(ADAPTER.stream(call(chat(stream=True), stream=True, include_usage=include_usage)), pieces)


@pytest.mark.parametrize("events", [TALK, TOOLS])
def test_the_usage_gets_a_chunk_of_its_own_at_the_end(events):
    out = stream_of(written(events))
    check_chunks(out)
    assert [chunk.get("usage") for chunk in chunks_of(out)] == [None] * len(events) + [COUNTED]
    assert chunks_of(out)[-1]["choices"] == []
    assert not any("usage" in chunk for chunk in chunks_of(stream_of(written(events), include_usage=False)))


def test_texts_thoughts_and_calls_are_those_of_the_plain_answer():
    assert words_of(stream_of(written(TALK))) == 'Hé"llo 漢🙂'
    assert words_of(stream_of(written(TALK)), "reasoning_content") == "hm"
    assert calls_of(stream_of(written(TOOLS))) == [
        ("D681PevKs", "find", '{"q": 1.10}'),
        ("E681PevKs", "find", '{"q": 1.10}'),
    ]
    observer = StreamObserver()
    observer.feed(stream_of(written(TOOLS)), 1.0)
    assert (observer.finish_reason, observer.done) == ("tool_calls", True)
    assert numbers(observer.usage) == Usage(prompt_tokens=5, completion_tokens=3)


def test_a_chunk_without_a_difference_goes_through_byte_for_byte():
    raw = b'data: {"odd" : 1.10, "choices": [{"delta": {"content": "a"}}]}\n\n'
    assert stream_of(raw) == raw


@given(st.data(), st.sampled_from([TALK, TOOLS]), st.sampled_from([b"\n", b"\r\n"]))
def test_any_cut_of_the_stream_gives_the_same_chunks(data, events, line_end):
    stream = written(events).replace(b"\n", line_end)
    assert stream_of(*data.draw(cut(stream))) == stream_of(stream)


@pytest.mark.parametrize("rubbish", [sse.encode(json.dumps(event({}, "error"))), b'data: {"usage": {oops\n\n'])
def test_a_broken_stream_ends_in_an_error_and_without_done(rubbish):
    begun = sse.encode(json.dumps(TALK[0]))
    out = stream_of(begun, rubbish)
    assert "error" in json.loads(events_of(out)[-1])
    assert stream_of(begun, rubbish, written(TALK)) == out
