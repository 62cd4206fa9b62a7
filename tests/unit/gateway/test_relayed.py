"""A provider's stream on its way to the caller."""

import json
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from apps.gateway.proxy.attempts.attempt import KEPT_BYTES
from apps.gateway.proxy.relayed import NotUnderstood, RelayedStream
from apps.serving.providers import ChatCall
from tests.factories.hot_path import make_exchange, make_upstream

USAGE = {"prompt_tokens": 7, "completion_tokens": 3}


def chunk(content: str | None = None, **more) -> bytes:
    choices = [] if content is None else [{"index": 0, "delta": {"content": content}, "finish_reason": None}]
    return b"data: " + json.dumps({"id": "c-1", "model": "m", "choices": choices, **more}).encode() + b"\n\n"


FINISH = b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n'
DONE = b"data: [DONE]\n\n"
WHOLE = chunk("Ahoy, ") + chunk("\u8239\u9577!") + FINISH + chunk(usage=USAGE) + DONE


def make_stream(**members) -> RelayedStream:
    exchange = make_exchange(stream=True, **members)
    call = ChatCall(members={}, model="m", upstream_model="m", stream=True, include_usage=True)
    return RelayedStream(exchange, exchange.winner, make_upstream().adapter.stream(call))


def test_events_go_on_but_the_end_is_held_back():
    stream = make_stream()
    assert stream.feed(WHOLE) == chunk("Ahoy, ") + chunk("\u8239\u9577!") + FINISH
    assert stream.done
    assert (stream.usage.prompt_tokens, stream.usage.completion_tokens) == (7, 3)
    assert stream.finish_reasons == {0: "stop"}


def test_the_usage_goes_on_to_those_who_asked():
    stream = make_stream(stream_options={"include_usage": True})
    assert stream.feed(WHOLE).endswith(chunk(usage=USAGE))


@given(st.lists(st.integers(0, len(WHOLE)), max_size=8), st.sampled_from([b"\n", b"\r\n"]))
@example([245], b"\r\n")
def test_it_does_not_matter_how_the_bytes_were_cut(cuts, line_end):
    raw = WHOLE.replace(b"\n", line_end)
    places = [0, *sorted(cut % len(raw) for cut in cuts), len(raw)]
    stream = make_stream()
    out = b"".join(stream.feed(raw[a:b]) for a, b in pairwise(places) if a < b)
    # Whole events go on as they came, with the line ends that they came with.
    assert out.replace(b"\r\n", b"\n") == chunk("Ahoy, ") + chunk("\u8239\u9577!") + FINISH
    assert stream.done


def test_a_chunk_that_carries_usage_beside_its_text_goes_on():
    assert make_stream().feed(chunk("Hi", usage=USAGE)) == chunk("Hi", usage=USAGE)


def test_an_error_is_held_back_and_everything_after_it():
    stream = make_stream()
    out = stream.feed(chunk("Hi") + b'data: {"error":{"message":"No.","code":429}}\n\n' + chunk("there"))
    assert out == chunk("Hi")
    assert stream.over
    assert stream.error.status == 429
    assert not stream.done


def test_comments_keep_the_connection_alive():
    assert make_stream().feed(b": ping\n\n").startswith(b":")


def test_the_end_of_the_body_is_an_end_only_after_a_finish_reason():
    stream = make_stream()
    stream.feed(chunk("Hi"))
    stream.end()
    assert not stream.over
    stream = make_stream()
    assert stream.feed(FINISH[:-2]) + stream.end() == FINISH
    assert stream.done


def test_unknown_events_go_on_as_they_are():
    strange = b'data: {"choices":"none","acme":1}\n\n'
    assert make_stream().feed(strange) == strange


def test_an_event_without_end_is_given_up():
    stream = make_stream()
    stream.feed(b"data: ")
    for _ in range(83):
        stream.feed(b"x" * 100_000)
    with pytest.raises(NotUnderstood):
        stream.feed(b"x" * 100_000)


def test_a_long_stream_is_passed_on_whole_and_kept_in_part():
    exchange = make_exchange(stream=True)
    stream = RelayedStream(exchange, exchange.winner, make_stream()._translator)
    piece = chunk("x" * 10_000)
    out = sum(len(stream.feed(piece)) for _ in range(200))
    assert out == 200 * len(piece)
    assert sum(map(len, exchange.winner.stream)) <= KEPT_BYTES * 1.01
    assert exchange.winner.stream_cut


def test_the_first_token_is_the_first_content_and_not_the_role_before_it():
    exchange = make_exchange(stream=True)
    stream = RelayedStream(exchange, exchange.winner, make_stream()._translator)
    assert stream.feed(chunk(""))
    assert not exchange.winner.first_chunk_ns
    assert stream.feed(chunk("Ahoy"))
    first = exchange.winner.first_chunk_ns
    assert first > 0
    stream.feed(chunk(" there"))
    assert exchange.winner.first_chunk_ns == first
