"""What is learnt from an answer of Anthropic's that goes through as it is."""

import json

import pytest

from apps.serving.dialects import BODY_OBSERVERS, OBSERVERS
from llmkit.sse import Event

USED = {"input_tokens": 10, "cache_read_input_tokens": 90, "cache_creation_input_tokens": 5, "output_tokens": 1}
START = {
    "type": "message_start",
    "message": {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude-x",
        "content": [],
        "usage": USED,
    },
}


def learnt(*events):
    observer = OBSERVERS["messages"]()
    return observer, [observer.learn(Event(json.dumps(event).encode(), event["type"])) for event in events]


def delta(**found):
    return {"type": "content_block_delta", "index": 0, "delta": found}


def begin(**block):
    return {"type": "content_block_start", "index": 0, "content_block": block}


def end(reason, **usage):
    return {"type": "message_delta", "delta": {"stop_reason": reason, "stop_sequence": None}, "usage": usage}


def test_a_stream_to_its_end():
    observer, _ = learnt(
        START, delta(type="text_delta", text="Hi"), end("end_turn", output_tokens=12), {"type": "message_stop"}
    )
    assert (observer.response_id, observer.model, observer.finish_reason) == ("msg_1", "claude-x", "stop")
    assert (observer.done, observer.error, observer.unreadable) == (True, None, False)
    usage = observer.usage
    assert (usage.prompt_tokens, usage.completion_tokens) == (105, 12)
    assert (usage.cached_tokens, usage.cache_creation_tokens) == (90, 5)
    assert usage.raw == {**USED, "output_tokens": 12}


@pytest.mark.parametrize(
    ("event", "content"),
    [
        (delta(type="text_delta", text="a"), True),
        (delta(type="thinking_delta", thinking="a"), True),
        (delta(type="input_json_delta", partial_json="{"), True),
        (delta(type="input_json_delta", partial_json=""), False),
        (delta(type="signature_delta", signature="s"), False),
        (begin(type="tool_use", id="a", name="f", input={}), True),
        (begin(type="text", text=""), False),
        (START, False),
        (end("end_turn", output_tokens=1), False),
        ({"type": "content_block_stop", "index": 0}, False),
        ({"type": "ping"}, False),
        ({"type": "of_tomorrow"}, False),
    ],
)
def test_what_counts_as_content(event, content):
    assert learnt(event)[1] == [content]


@pytest.mark.parametrize(
    ("reason", "finish"), [("max_tokens", "length"), ("tool_use", "tool_calls"), ("refusal", "content_filter")]
)
def test_finish_reasons_in_the_words_of_chat_completions(reason, finish):
    assert learnt(START, end(reason, output_tokens=1))[0].finish_reason == finish


def test_an_error_ends_it_improperly_and_the_first_one_counts():
    errors = [{"type": "error", "error": {"type": kind, "message": kind}} for kind in ("overloaded_error", "api_error")]
    observer, contents = learnt(START, *errors)
    assert (observer.error.status, observer.error.message) == (503, "overloaded_error")
    assert (observer.done, contents) == (False, [False, False, False])


def test_what_can_not_be_read_is_noted():
    observer = OBSERVERS["messages"]()
    assert observer.learn(Event(b"{oops")) is False
    assert observer.unreadable


def test_a_whole_answer_is_read_alike():
    body = {**START["message"], "content": [{"type": "text", "text": "Hi"}], "stop_reason": "max_tokens"}
    observed = BODY_OBSERVERS["messages"](json.dumps(body).encode())
    assert (observed.response_id, observed.model, observed.finish_reason) == ("msg_1", "claude-x", "length")
    assert (observed.usage.prompt_tokens, observed.usage.completion_tokens) == (105, 1)
    failed = BODY_OBSERVERS["messages"](b'{"type":"error","error":{"type":"not_found_error","message":"model: x"}}')
    assert (failed.error.status, failed.error.message) == (404, "model: x")
    assert BODY_OBSERVERS["messages"](b"<html>").unreadable
