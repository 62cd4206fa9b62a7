"""What is learnt from an answer by reading along."""

import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.serving.providers import StreamObserver, Usage, observe_body
from llmkit import sse
from tests.unit.serving.providers.calls import numbers


def chunk(delta=None, finish=None, index=0, **members):
    choices = [] if delta is None else [{"index": index, "delta": delta, "finish_reason": finish}]
    return {"id": "chat-1", "model": "m-2", "object": "chat.completion.chunk", "choices": choices, **members}


USAGE = {"prompt_tokens": 9, "completion_tokens": 3, "prompt_tokens_details": {"cached_tokens": 4}}
STREAM = [
    chunk({"role": "assistant", "content": ""}, usage=None),
    chunk({"content": 'the words "finish_reason":"length" and "error":{} are only words'}, usage=None),
    chunk({"content": " and more"}, usage=None),
    chunk({}, "stop", usage=None),
    chunk(usage=USAGE),
]


def written(chunks, done=True) -> bytes:
    events = [json.dumps(item, separators=(",", ":")) for item in chunks]
    return b"".join(sse.encode(event) for event in [*events, *(["[DONE]"] if done else [])])


def observed(*pieces: bytes) -> StreamObserver:
    observer = StreamObserver()
    for tick, piece in enumerate(pieces):
        observer.feed(piece, float(tick))
    observer.end(float(len(pieces)))
    return observer


@given(st.data())
def test_a_stream_is_understood_however_it_is_cut(data):
    stream = written(STREAM)
    cuts = [0, *sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=6))), len(stream)]
    seen = observed(*(stream[start:stop] for start, stop in pairwise(cuts)))
    assert (seen.response_id, seen.model, seen.finish_reason, seen.done) == ("chat-1", "m-2", "stop", True)
    assert numbers(seen.usage) == Usage(prompt_tokens=9, completion_tokens=3, cached_tokens=4)
    assert (seen.content_chunks, seen.error, seen.unreadable) == (2, None, False)


def test_the_first_content_is_not_the_first_chunk():
    seen = observed(*(written([item], done=False) for item in STREAM))
    assert seen.first_content_at == 1.0


@pytest.mark.parametrize(
    "delta",
    [
        {"content": "x"},
        {"content": None, "reasoning_content": "hmm"},
        {"reasoning": "hmm"},
        {"refusal": "no"},
        {"tool_calls": [{"index": 0, "function": {"arguments": "{"}}]},
    ],
)
def test_text_reasoning_refusals_and_tool_calls_are_content(delta):
    assert observed(written([chunk(delta)])).content_chunks == 1


@pytest.mark.parametrize("delta", [{}, {"role": "assistant"}, {"content": None}, {"content": "", "tool_calls": []}])
def test_a_delta_without_anything_in_it_is_none(delta):
    assert observed(written([chunk(delta)])).content_chunks == 0


def test_every_choice_has_its_own_finish_reason():
    seen = observed(written([chunk({}, "length", index=1), chunk({}, "stop", index=0)]))
    assert seen.finish_reasons == {1: "length", 0: "stop"}


def test_an_error_as_the_first_event_can_still_become_a_status():
    seen = observed(written([{"error": {"message": "slow down", "code": 429}}], done=False))
    assert seen.error is not None
    assert (seen.error.status, seen.error.message, seen.error_came_first) == (429, "slow down", True)


def test_an_error_after_some_content_comes_too_late_for_that():
    seen = observed(written([STREAM[1], {"error": {"message": "broke"}}], done=False))
    assert seen.error is not None
    assert not seen.error_came_first
    assert not seen.done


def test_a_stream_without_its_last_blank_line_is_seen_to_the_end():
    assert observed(written(STREAM)[:-2]).done


@pytest.mark.parametrize(
    "rubbish", [b"{oops", b"[1]", b"\xff", b'{"error":' + b"[" * 5000], ids=["cut", "list", "bytes", "deep"]
)
def test_what_can_not_be_read_is_noted_and_never_raised(rubbish):
    seen = observed(sse.encode(rubbish), written(STREAM))
    assert seen.unreadable
    assert (seen.finish_reason, seen.done) == ("stop", True)


@given(st.lists(st.binary(max_size=50), max_size=5))
def test_no_bytes_at_all_make_it_fail(pieces):
    observed(*pieces)


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        ({"prompt_tokens": 5}, Usage(prompt_tokens=5)),
        ({"prompt_tokens": 5.0, "completion_tokens": None}, Usage(prompt_tokens=5)),
        ({"prompt_tokens": -1, "completion_tokens": "3"}, Usage()),
        (
            {"prompt_tokens": 5, "completion_tokens": 4, "completion_tokens_details": {"reasoning_tokens": 3}},
            Usage(prompt_tokens=5, completion_tokens=4, reasoning_tokens=3),
        ),
        (  # xAI's way: reasoning beside the completion
            {
                "prompt_tokens": 37,
                "completion_tokens": 530,
                "total_tokens": 1095,
                "completion_tokens_details": {"reasoning_tokens": 528},
            },
            Usage(prompt_tokens=37, completion_tokens=1058, reasoning_tokens=528),
        ),
        (  # OpenAI's: within it
            {
                "prompt_tokens": 75,
                "completion_tokens": 1186,
                "total_tokens": 1261,
                "prompt_tokens_details": {"cached_tokens": 30, "audio_tokens": 20},
                "completion_tokens_details": {"reasoning_tokens": 1024, "audio_tokens": 7},
            },
            Usage(
                prompt_tokens=75,
                completion_tokens=1186,
                cached_tokens=30,
                audio_prompt_tokens=20,
                reasoning_tokens=1024,
                audio_completion_tokens=7,
            ),
        ),
        (  # DeepSeek's
            {"prompt_tokens": 100, "prompt_cache_hit_tokens": 64, "prompt_cache_miss_tokens": 36},
            Usage(prompt_tokens=100, cached_tokens=64),
        ),
        ({"prompt_tokens": 5, "prompt_tokens_details": None}, Usage(prompt_tokens=5)),
        ({}, None),
        (None, None),
        ([1], None),
    ],
)
def test_usage_is_read_as_far_as_it_makes_sense(usage, expected):
    found = observe_body(json.dumps({"choices": [], "usage": usage}).encode()).usage
    assert (found and numbers(found)) == expected


def test_a_plain_answer_is_understood():
    body = {
        "id": "chat-9",
        "model": "m-2",
        "choices": [{"index": 0, "message": {"content": "hi"}, "finish_reason": "tool_calls"}],
        "usage": USAGE,
    }
    seen = observe_body(json.dumps(body).encode())
    assert (seen.response_id, seen.model, seen.finish_reason) == ("chat-9", "m-2", "tool_calls")
    assert numbers(seen.usage) == Usage(prompt_tokens=9, completion_tokens=3, cached_tokens=4)


@pytest.mark.parametrize(
    ("body", "status"),
    [(b'{"error":{"message":"no","code":429}}', 429), (b'{"error":"no"}', 502)],
)
def test_an_error_inside_a_200_is_found(body, status):
    error = observe_body(body).error
    assert error is not None
    assert error.status == status


def test_an_empty_error_is_none():
    assert observe_body(b'{"error":null,"choices":[]}').error is None
    assert observe_body(b"not json").unreadable
