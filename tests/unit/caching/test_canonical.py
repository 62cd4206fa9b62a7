"""One form for all requests that mean the same."""

import json
import unicodedata

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.caching.domain.canonical import WITHOUT_EFFECT, NotCanonical, canonical_bytes, canonicalise, composed
from tests.factories.caching import HELLO, members_of

values = st.recursive(
    st.none() | st.booleans() | st.integers(-1000, 1000) | st.floats(-10, 10) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
bodies = st.fixed_dictionaries(
    {"messages": st.just(HELLO)},
    optional={"tools": st.lists(values, max_size=2), "temperature": st.floats(0, 2), "x": values},
)


def form(body) -> bytes:
    return canonical_bytes(canonicalise(members_of(body)))


@given(bodies, st.randoms())
def test_order_and_white_space_do_not_count(body, chance):
    def shuffled(value):
        if isinstance(value, dict):
            names = list(value)
            chance.shuffle(names)
            return {name: shuffled(value[name]) for name in names}
        return [shuffled(inner) for inner in value] if isinstance(value, list) else value

    spaced = json.dumps(shuffled(body), indent=chance.choice([None, 1, 4])).encode()
    assert form(spaced) == form(body)


@pytest.mark.parametrize("name", sorted(WITHOUT_EFFECT))
def test_members_that_do_not_change_the_answer_are_left_out(name):
    assert form({"messages": HELLO, name: "anything"}) == form({"messages": HELLO})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("frequency_penalty", 0.0),
        ("logit_bias", {}),
        ("logprobs", False),
        ("n", 1),
        ("presence_penalty", 0),
        ("response_format", {"type": "text"}),
        ("stop", []),
        ("tools", []),
        ("seed", None),
    ],
)
def test_saying_the_default_is_saying_nothing(name, value):
    assert form({"messages": HELLO, name: value}) == form({"messages": HELLO})


@pytest.mark.parametrize(("name", "value"), [("logprobs", 0), ("n", True), ("temperature", 1), ("top_p", 1), ("n", 2)])
def test_what_only_looks_like_a_default_is_kept(name, value):
    assert form({"messages": HELLO, name: value}) != form({"messages": HELLO})


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"temperature": 0}, {"temperature": 0.0}),
        ({"max_tokens": 10}, {"max_tokens": 1e1}),
        ({"stop": "END"}, {"stop": ["END"]}),
        ({"messages": [{"role": "user", "content": "Hi"}]},
         {"messages": [{"role": "user", "content": [{"type": "text", "text": "Hi"}], "name": None}]}),
        ({"messages": [{"role": "assistant", "content": "Hi", "tool_calls": []}]},
         {"messages": [{"role": "assistant", "content": "Hi"}]}),
    ],
)  # fmt: skip
def test_two_ways_to_say_the_same_have_one_form(one, other):
    assert form({"messages": HELLO} | one) == form({"messages": HELLO} | other)


@pytest.mark.parametrize(
    "content",
    [
        "Hi ",
        "hi",
        [{"type": "text", "text": "Hi", "cache_control": {"type": "ephemeral"}}],
        [{"type": "text", "text": "Hi"}, {"type": "text", "text": ""}],
        [{"type": "image_url", "image_url": {"url": "Hi"}}],
    ],
)
def test_other_content_has_another_form(content):
    assert form({"messages": [{"role": "user", "content": content}]}) != form(
        {"messages": [{"role": "user", "content": "Hi"}]}
    )


@pytest.mark.parametrize(
    "raw",
    [
        b'{"messages":[{"role":"user","content":"a","content":"b"}]}',
        b'{"messages":[{"role":"user","content":[{"type":"text","text":"a","text":"b"}]}]}',
        b'{"messages":[],"response_format":{"type":"text","\\u0074ype":"json_object"}}',
        b'{"messages":[],"tools":[{"a":{"b":1,"b":1}}]}',
    ],
)
def test_a_name_that_stands_twice_in_an_object_has_no_one_meaning(raw):
    with pytest.raises(NotCanonical, match="a name stands twice"):
        form(raw)


@given(values)
def test_objects_whose_names_differ_are_never_taken_for_repetitions(value):
    form({"messages": HELLO, "x": value})


def test_colons_and_braces_inside_of_texts_are_no_names():
    form({"messages": [{"role": "user", "content": '{"a": 1, "a": 2} \\" : \n'}]})


def test_a_value_that_nobody_can_read_is_refused():
    deep = msgspec.Raw(b"[" * 5_000 + b"]" * 5_000)
    with pytest.raises(NotCanonical, match="messages: this can't be read"):
        canonicalise({"messages": deep})


@given(st.text(max_size=20))
def test_composing_twice_changes_nothing_more_and_never_the_meaning(text):
    once = composed(text)
    assert composed(once) == once
    assert unicodedata.normalize("NFD", once) == unicodedata.normalize("NFD", text)


def test_letters_and_their_accents_are_put_together():
    assert composed("Cafe\u0301") == "Café"


@pytest.mark.parametrize("sign", ["\u212b", "\u2126", "\uf900", "\u0958"])
def test_single_characters_are_not_exchanged_for_others(sign):
    assert composed(f"e\u0301 {sign}") == f"e\u0301 {sign}"
