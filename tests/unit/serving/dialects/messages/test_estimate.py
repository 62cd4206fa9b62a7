"""Counting tokens where no provider does."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.serving.dialects import Invalid, estimate_messages_tokens
from tests.unit.serving.dialects.chats import members


def estimate(*messages, **more):
    return estimate_messages_tokens(members(model="m", messages=list(messages), **more))


def user(content):
    return {"role": "user", "content": content}


def test_a_quarter_of_the_bytes_and_four_tokens_a_message():
    assert estimate(user("x" * 400)) == 104
    assert estimate(user("x" * 400), {"role": "assistant", "content": "漢" * 4}) == 104 + 7
    assert estimate(user([{"type": "text", "text": "x" * 41}])) == 15


def test_system_and_tools_count():
    nothing = estimate(user("hi"))
    assert estimate(user("hi"), system="x" * 40) == nothing + 10
    assert estimate(user("hi"), system=[{"type": "text", "text": "x" * 40}] * 2) == nothing + 20
    schema = {"type": "object", "properties": {"a": {"type": "string", "description": "x" * 400}}}
    assert estimate(user("hi"), tools=[{"name": "f", "input_schema": schema}]) > nothing + 100


@pytest.mark.parametrize(
    ("block", "tokens"),
    [
        ({"type": "image", "source": {"type": "url", "url": "https://example.com/a.png"}}, 1600),
        (
            {"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": "A" * 70_000}},
            4000,
        ),
        ({"type": "document", "source": {"type": "url", "url": "https://example.com/a.pdf"}}, 2000),
        ({"type": "document", "source": {"type": "text", "data": "x" * 40}}, 10),
        ({"type": "tool_use", "id": "a", "name": "find", "input": {"q": "x" * 32}}, 12),
        ({"type": "tool_result", "tool_use_id": "a", "content": "x" * 40}, 10),
        ({"type": "tool_result", "tool_use_id": "a", "content": [{"type": "text", "text": "x" * 40}]}, 10),
        ({"type": "thinking", "thinking": "x" * 40, "signature": "s"}, 10),
        ({"type": "redacted_thinking", "data": "x" * 40}, 10),
        (
            {"type": "search_result", "source": "s", "title": "abcd", "content": [{"type": "text", "text": "x" * 40}]},
            11,
        ),
    ],
)
def test_every_kind_of_block_counts(block, tokens):
    assert estimate(user([block])) == 4 + tokens


@given(st.text(max_size=200), st.text(max_size=200))
def test_more_text_never_counts_less(one, other):
    assert estimate(user(one + other)) >= estimate(user(one))


def test_what_can_not_be_counted_is_named():
    with pytest.raises(Invalid) as caught:
        estimate(user([{"type": "video"}]))
    assert caught.value.param == "messages[0].content[0].type"
