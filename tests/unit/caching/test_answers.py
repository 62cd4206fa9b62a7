"""Which answers are kept, and in what form."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.caching.domain.answers import COMPRESS_FROM, StoredAnswer, Unreadable, pack, text_of, unpack, why_not_kept
from tests.factories.caching import completion, make_answer, make_policy

CALL = {"id": "c1", "type": "function", "function": {"name": "refund", "arguments": "{}"}}


@given(
    st.binary(max_size=3000), st.text(), st.floats(0, 1e10), st.integers(0, 10**9), st.none() | st.integers(0, 10**15)
)
def test_answers_survive_packing(body, model, created, tokens, cost):
    answer = StoredAnswer(body, model, created, tokens, tokens, cost)
    assert unpack(pack(answer)) == answer


def test_large_answers_are_compressed_and_small_ones_are_not():
    small, large = pack(make_answer("x")), pack(make_answer("x" * 10 * COMPRESS_FROM))
    assert small[0] == 0
    assert large[0] == 1
    assert len(large) < COMPRESS_FROM


@pytest.mark.parametrize("data", [b"", b"\0", b"\1zzz", b"\0\xc1", pack(make_answer("x" * 5_000))[:-5]])
def test_other_bytes_are_no_answer(data):
    with pytest.raises(Unreadable):
        unpack(data)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (completion(), ""),
        (completion(None, message={"tool_calls": [CALL]}, finish_reason="tool_calls"), "tool-calls"),
        (completion("Done.", message={"tool_calls": [CALL]}), "tool-calls"),
        (completion("Done.", message={"function_call": CALL["function"]}), "tool-calls"),
        (completion(finish_reason="length"), "unfinished"),
        (completion(finish_reason="content_filter"), "unfinished"),
        (completion(finish_reason=None), "unfinished"),
        (completion(message={"refusal": "No."}), "no-text"),
        (completion(message={"audio": {"id": "a"}}), "no-text"),
        (completion(""), "no-text"),
        (completion(None), "no-text"),
        (completion(choices=[]), "choices"),
        (completion(choices=[{"message": {"content": "a"}, "finish_reason": "stop"}] * 2), "choices"),
        (completion(error={"message": "Overloaded."}), "error"),
        (b'{"error": {"message": "no"}}', "unreadable"),
        (b"<html>", "unreadable"),
        (b"\xff", "unreadable"),
        (b"[" * 5_000, "unreadable"),
    ],
)
def test_only_a_whole_answer_in_words_is_kept(body, reason):
    assert why_not_kept(body, make_policy()) == reason


def test_a_policy_may_keep_what_ended_at_the_limit():
    assert why_not_kept(completion(finish_reason="length"), make_policy(allow_truncated=True)) == ""


def test_the_text_of_an_answer_is_what_it_says():
    assert text_of(completion("Hi\0.")) == "Hi."
    assert [text_of(body) for body in (b"x", completion(None), completion(choices=[]), json.dumps({}).encode())] == [
        "", "", "", "",
    ]  # fmt: skip
