"""Chunks as Anthropic's stream events, and what Anthropic's own client makes of them."""

import anthropic
import pytest
from anthropic.types import RawMessageStreamEvent
from pydantic import TypeAdapter

from apps.serving.dialects import DIALECTS, ToldError
from tests.unit.serving.dialects.chats import (
    COUNTED,
    MIXED_UP,
    REFUSED,
    ROLE,
    SAME_INDEX,
    SIGNED,
    STREAMS,
    TALK,
    TOOLS,
    anthropic_client,
    call,
    chunk,
    completion,
    events_of,
    members,
    streamed,
    tool,
)

MESSAGES = DIALECTS["messages"]
ASKED = members(
    model="m", max_tokens=9, messages=[{"role": "user", "content": "hi"}], stop_sequences=["END"], stream=True
)
EVENT = TypeAdapter(RawMessageStreamEvent)


def written(chunks):
    return streamed(MESSAGES.stream(ASKED), chunks)


def understood(chunks):
    """The message as the official client accumulates it."""
    with anthropic_client(written(chunks)).messages.stream(model="m", max_tokens=9, messages=[]) as stream:
        return stream.get_final_message()


def test_the_documented_order_of_a_text():
    events = events_of(written(TALK))
    assert [event["type"] for event in events] == [
        "message_start",
        "content_block_start",
        "content_block_delta",
        "content_block_delta",
        "content_block_stop",
        "message_delta",
        "message_stop",
    ]
    assert events[0]["message"] == {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "m-1",
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": {
            "input_tokens": 0,
            "cache_creation_input_tokens": 0,
            "cache_read_input_tokens": 0,
            "output_tokens": 0,
        },
    }
    assert events[1:3] == [
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": 'Hé"llo'}},
    ]
    assert events[5] == {
        "type": "message_delta",
        "delta": {"stop_reason": "end_turn", "stop_sequence": None},
        "usage": {
            "input_tokens": 6,
            "cache_creation_input_tokens": 4,
            "cache_read_input_tokens": 90,
            "output_tokens": 7,
            "output_tokens_details": {"thinking_tokens": 3},
        },
    }


@pytest.mark.parametrize("chunks", STREAMS.values(), ids=STREAMS)
def test_every_event_is_one_that_anthropic_defines_and_blocks_never_overlap(chunks):
    open_block, count = None, 0
    for event in events_of(written(chunks)):
        EVENT.validate_python(event, strict=True)
        if event["type"] == "content_block_start":
            assert (open_block, event["index"]) == (None, count)
            open_block, count = event["index"], count + 1
        elif event["type"] == "content_block_delta":
            assert event["index"] == open_block
        elif event["type"] == "content_block_stop":
            assert event["index"] == open_block
            open_block = None
    assert open_block is None


def test_the_client_puts_together_what_a_whole_answer_says():
    calls = [tool("t1", "find", '{"q": "a"}'), tool("t2", "now", "{}")]
    message = {"content": "Let me see.", "reasoning_content": "hm, well", "tool_calls": calls}
    whole = anthropic.types.Message.model_validate_json(MESSAGES.answer(ASKED, completion(message, "tool_calls")))
    found = understood(TOOLS)
    assert found.model_dump(exclude={"content"}) == whole.model_dump(exclude={"content"})
    assert [block.to_dict() for block in found.content] == [block.to_dict() for block in whole.content]


def test_the_client_sees_text_as_it_comes():
    with anthropic_client(written(TALK)).messages.stream(model="m", max_tokens=9, messages=[]) as stream:
        assert list(stream.text_stream) == ['Hé"llo', " 漢🙂\n"]


@pytest.mark.parametrize(
    ("chunks", "inputs"),
    [(MIXED_UP, [{"q": "a"}, {"in": "UTC"}]), (SAME_INDEX, [{"q": 1}, {"in": 2}])],
    ids=["mixed up", "same index"],
)
def test_no_fragment_of_calls_that_a_provider_mixes_up_is_lost(chunks, inputs):
    found = understood(chunks)
    assert [(block.id, block.name, block.input) for block in found.content] == [
        ("t1", "find", inputs[0]),
        ("t2", "now", inputs[1]),
    ]
    assert found.stop_reason == "tool_use"


def test_a_call_is_told_at_once_when_the_one_before_it_is_complete():
    stream = MESSAGES.stream(ASKED)
    stream.feed([ROLE, chunk(call(0, "t1", "find", '{"q": 1}'))])
    assert b'"id":"t2"' in stream.feed([chunk(call(1, "t2", "now"))])
    assert b'"partial_json":"{}"' in stream.feed([chunk(call(1, arguments="{}"))])


def test_a_call_waits_for_the_one_before_it_and_no_longer():
    stream = MESSAGES.stream(ASKED)
    stream.feed([ROLE, chunk(call(0, "t1", "find", '{"q": '))])
    assert stream.feed([chunk(call(1, "t2", "now", "{}")), chunk({"content": "Meanwhile."})]) == b""
    released = events_of(stream.feed([chunk(call(0, arguments="1}"))]))
    assert [(event["type"], event["index"]) for event in released] == [
        ("content_block_delta", 0),
        ("content_block_stop", 0),
        ("content_block_start", 1),
        ("content_block_delta", 1),
        ("content_block_stop", 1),
        ("content_block_start", 2),
        ("content_block_delta", 2),
    ]
    assert stream.feed([chunk(call(0, arguments="\n"))]) == b""


def test_calls_without_arguments_come_at_the_end():
    found = understood([ROLE, chunk(call(0, "t1", "a")), chunk(call(1, "t2", "b")), chunk({}, "tool_calls"), COUNTED])
    assert [(block.name, block.input) for block in found.content] == [("a", {}), ("b", {})]


def test_reasoning_gets_its_signature_and_what_is_hidden_a_block_of_its_own():
    assert [block.to_dict() for block in understood(SIGNED).content] == [
        {"type": "thinking", "thinking": "hm", "signature": "sig"},
        {"type": "redacted_thinking", "data": "dark"},
        {"type": "text", "text": "Yes."},
    ]


def test_signed_reasoning_that_comes_whole_is_told_whole():
    block = {"type": "thinking", "thinking": "hm", "signature": "sig"}
    chunks = [ROLE, chunk({"thinking_blocks": [block, block]}), chunk({"content": "x"}), chunk({}, "stop")]
    assert [found.to_dict() for found in understood(chunks).content][:2] == [block, block]


def test_a_refusal_is_text_that_refuses():
    found = understood(REFUSED)
    assert (found.content[0].text, found.stop_reason) == ("I can't do that.", "refusal")


def test_only_the_first_choice_is_told():
    chunks = [ROLE, chunk({"content": "no"}, index=1), chunk({"content": "yes"}), chunk({}, "length"), COUNTED]
    found = understood(chunks)
    assert ([block.text for block in found.content], found.stop_reason) == (["yes"], "max_tokens")


def test_a_stop_sequence_is_named_where_the_server_names_it():
    found = understood([ROLE, chunk({"content": "x"}), chunk({}, "stop", choice={"stop_reason": "END"})])
    assert (found.stop_reason, found.stop_sequence) == ("stop_sequence", "END")


def test_chunks_before_the_first_choice_start_nothing():
    stream = MESSAGES.stream(ASKED)
    assert stream.feed([b'{"id":"","model":"","choices":[],"prompt_filter_results":[]}']) == b""
    assert events_of(stream.feed([ROLE]))[0]["message"]["id"] == "msg_1"


def test_a_failure_is_the_last_event_and_the_client_raises_it():
    stream = MESSAGES.stream(ASKED)
    out = stream.feed(TALK[:2]) + stream.fail(ToldError(status=503, message="Gone for now."))
    assert events_of(out)[-1] == {"type": "error", "error": {"type": "overloaded_error", "message": "Gone for now."}}
    client = anthropic_client(out)
    with (
        pytest.raises(anthropic.APIStatusError, match="Gone for now"),
        client.messages.stream(model="m", max_tokens=9, messages=[]) as events,
    ):
        events.until_done()


def test_a_keep_alive_is_a_ping_that_the_client_passes_over():
    stream = MESSAGES.stream(ASKED)
    ping = stream.keep_alive()
    assert events_of(ping) == [{"type": "ping"}]
    out = ping + stream.feed(TALK[:2]) + ping + stream.feed(TALK[2:]) + stream.end()
    with anthropic_client(out).messages.stream(model="m", max_tokens=9, messages=[]) as events:
        assert events.get_final_text() == 'Hé"llo 漢🙂\n'
