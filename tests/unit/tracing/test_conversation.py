import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.tracing.domain.conversation import answered, asked, last_words, latest_turn, words_of


def told(messages):
    return [(message.role, message.text) for message in messages]


def test_the_messages_of_a_chat():
    request = {
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": [{"type": "text", "text": "Look:"}, {"type": "image_url", "image_url": {}}]},
            {"role": "tool", "content": '{"stock": 2}', "name": "find"},
        ]
    }
    assert told(asked(request)) == [
        ("system", "Be brief."),
        ("user", "Look:\n[image_url]"),
        ("tool", '{"stock": 2}'),
    ]
    assert asked(request)[2].name == "find"


@pytest.mark.parametrize(
    ("request_body", "messages"),
    [
        ({"prompt": "Once"}, [("user", "Once")]),
        ({"input": ["a", "b"]}, [("user", "a"), ("user", "b")]),
        ({"instructions": "Be kind.", "input": "Hello"}, [("system", "Be kind."), ("user", "Hello")]),
        (
            {"system": [{"type": "text", "text": "S"}], "messages": [{"role": "user", "content": "U"}]},
            [("system", "S"), ("user", "U")],
        ),
        ({"model": "x"}, []),
        ([1, 2], []),
        (None, []),
    ],
)
def test_other_shapes_of_requests(request_body, messages):
    assert told(asked(request_body)) == messages


@pytest.mark.parametrize(
    ("response", "messages"),
    [
        (
            {"choices": [{"text": "one"}, {"message": {"role": "assistant", "content": "two"}}]},
            [("assistant", "one"), ("assistant", "two")],
        ),
        (
            {"output": [{"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "O"}]}]},
            [("assistant", "O")],
        ),
        ({"role": "assistant", "content": [{"type": "text", "text": "A"}]}, [("assistant", "A")]),
        ({"error": {"message": "overloaded"}}, [("error", "overloaded")]),
        ({"error": "plain"}, [("error", "plain")]),
        ({"choices": [{"message": {"refusal": "No."}}]}, [("assistant", "No.")]),
        ("text", []),
    ],
)
def test_shapes_of_responses(response, messages):
    assert told(answered(response)) == messages


def test_tool_calls_are_part_of_the_words():
    call = {"id": "1", "function": {"name": "find_orders", "arguments": '{"order": 7}'}}
    [message] = answered({"choices": [{"message": {"content": None, "tool_calls": [call]}}]})
    assert message.tool_calls[0].name == "find_orders"
    assert words_of([message]) == 'find_orders {"order": 7}'


@pytest.mark.parametrize(
    "response",
    [
        {"output": [{"type": "function_call", "name": "find_orders", "arguments": '{"order": 7}'}]},
        {"content": [{"type": "tool_use", "name": "find_orders", "input": {"order": 7}}]},
    ],
)
def test_tool_calls_of_every_dialect_are_found(response):
    [message] = answered(response)
    assert words_of([message]) == 'find_orders {"order": 7}'


def test_json_answers_are_laid_out():
    [message] = answered({"choices": [{"message": {"content": '{"intent":"a","reply":"é"}'}}]})
    assert message.pretty == '{\n  "intent": "a",\n  "reply": "é"\n}'
    assert answered({"choices": [{"message": {"content": "{not json"}}]})[0].pretty == "{not json"


def test_the_preview_is_the_last_message_of_the_user():
    messages = asked(
        {
            "messages": [
                {"role": "user", "content": "a"},
                {"role": "assistant", "content": "b"},
                {"role": "user", "content": "c\n d"},
            ]
        }
    )
    assert last_words(messages, "user") == "c d"
    assert last_words(messages[:2], "nobody") == "b"
    assert last_words([]) == ""


def test_the_latest_turn_leaves_out_what_was_said_before():
    messages = asked(
        {
            "messages": [
                {"role": r, "content": r + str(n)}
                for n, r in enumerate(["system", "user", "assistant", "user", "tool"])
            ]
        }
    )
    assert told(latest_turn(messages)) == [("user", "user3"), ("tool", "tool4")]
    assert told(latest_turn(messages[:2])) == [("user", "user1")]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "messages",
                    "role",
                    "content",
                    "choices",
                    "message",
                    "tool_calls",
                    "function",
                    "output",
                    "text",
                    "name",
                ]
            ),
            inner,
        )
    ),
    max_leaves=12,
)


@given(JSON)
def test_no_shape_breaks_it(value):
    for message in asked(value) + answered(value):
        assert isinstance(message.words + message.role + message.pretty, str)
