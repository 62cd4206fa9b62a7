"""A kept answer told as a stream: what clients of chat completions expect, read back into the same answer."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.caching.domain.replay import PIECE, as_stream
from llmkit.sse import Parser
from tests.factories.caching import USAGE, completion

CALLS = [
    {"id": "c1", "type": "function", "function": {"name": "look", "arguments": '{"id": 1}'}},
    {"id": "c2", "type": "function", "function": {"name": "pay", "arguments": "{}"}},
]


def chunks_of(body: bytes, *, include_usage: bool = False) -> list[dict]:
    events = Parser().feed(b"".join(as_stream(body, include_usage=include_usage)))
    assert events[-1].data == b"[DONE]"
    return [json.loads(event.data) for event in events[:-1]]


def put_together(chunks: list[dict]) -> dict:
    """The message, as a client adds it up."""
    message: dict = {"content": None}
    for chunk in chunks:
        for choice in chunk["choices"]:
            for name, value in choice["delta"].items():
                if name == "content" and value is not None:
                    message["content"] = (message["content"] or "") + value
                elif name == "tool_calls":
                    message.setdefault("tool_calls", []).extend(
                        {part: value for part, value in call.items() if part != "index"} for call in value
                    )
                elif name != "content":
                    message[name] = value
    return message


@given(st.text(min_size=1, max_size=4 * PIECE))
def test_the_pieces_are_the_text(text):
    assert put_together(chunks_of(completion(text)))["content"] == text


def test_the_role_comes_first_and_the_finish_reason_last():
    chunks = chunks_of(completion("Hi."))
    assert chunks[0]["choices"][0]["delta"] == {"role": "assistant", "content": ""}
    assert chunks[-1]["choices"] == [{"index": 0, "delta": {}, "finish_reason": "stop"}]
    assert [chunk["choices"][0]["finish_reason"] for chunk in chunks[:-1]] == [None] * (len(chunks) - 1)


def test_all_chunks_carry_the_answers_id_time_and_model():
    heads = {(chunk["id"], chunk["created"], chunk["model"], chunk["object"]) for chunk in chunks_of(completion())}
    assert heads == {("chatcmpl-1", 1_770_000_000, "acme-large-2026", "chat.completion.chunk")}


def test_long_texts_come_in_several_pieces_cut_between_words():
    pieces = [chunk["choices"][0]["delta"].get("content") for chunk in chunks_of(completion("harbor " * 200))[1:-1]]
    assert len(pieces) > 2
    assert all(piece.endswith(" ") for piece in pieces)


def test_the_usage_comes_after_the_choices_if_it_was_asked_for():
    *before, last = chunks_of(completion(), include_usage=True)
    assert (last["choices"], last["usage"]) == ([], USAGE)
    assert {chunk["usage"] for chunk in before} == {None}
    assert not any("usage" in chunk for chunk in chunks_of(completion()))


def test_tool_calls_have_an_index_each():
    chunks = chunks_of(completion(None, message={"tool_calls": CALLS}, finish_reason="tool_calls"))
    deltas = [call for chunk in chunks for call in chunk["choices"][0]["delta"].get("tool_calls", [])]
    assert [call["index"] for call in deltas] == [0, 1]
    assert put_together(chunks) == {"role": "assistant", "content": None, "tool_calls": CALLS}
    assert chunks[-1]["choices"][0]["finish_reason"] == "tool_calls"


def test_other_members_of_the_message_are_not_lost():
    chunks = chunks_of(completion("Hi.", message={"reasoning_content": "Hm.", "refusal": None}))
    assert put_together(chunks) == {"role": "assistant", "content": "Hi.", "reasoning_content": "Hm."}


def test_log_probabilities_stay_with_their_text():
    logprobs = {"content": [{"token": "Hi", "logprob": -0.1}]}
    choice = {"index": 0, "message": {"role": "assistant", "content": "Hi"}, "finish_reason": "stop"}
    chunks = chunks_of(completion(choices=[choice | {"logprobs": logprobs}]))
    with_logprobs = [chunk["choices"][0] for chunk in chunks if chunk["choices"][0].get("logprobs")]
    assert with_logprobs == [{"index": 0, "delta": {"content": "Hi"}, "finish_reason": None, "logprobs": logprobs}]


def test_several_choices_keep_their_index():
    choices = [
        {"index": number, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
        for number, text in enumerate(("one", "two"))
    ]
    chunks = chunks_of(completion(choices=choices))
    texts = {
        number: "".join(
            choice["delta"].get("content") or ""
            for chunk in chunks
            for choice in chunk["choices"]
            if choice["index"] == number
        )
        for number in (0, 1)
    }
    assert texts == {0: "one", 1: "two"}


@pytest.mark.parametrize("separator", ["\n\ndata: [DONE]\n\n", "\r\n", "\u2028"])
def test_line_ends_inside_of_an_answer_end_no_event(separator):
    text = f"before{separator}after"
    assert put_together(chunks_of(completion(text)))["content"] == text
