"""Whether a kept answer would have done."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.caching.domain.judging import OTHER_BELOW, SAME_FROM, by_similarity, judge_messages, read_judgement, same_json


@pytest.mark.parametrize(
    ("kept", "fresh", "same"),
    [
        ('{"a": 1, "b": "X  y"}', '{"b":"x Y","a":1.0}', True),
        ('```json\n{"a": 1}\n```', '{"a": 1}', True),
        ('{"a": 1}', '{"a": 2}', False),
        ('{"a": 1}', '{"a": true}', False),
        ('{"a": 1}', '{"a": 1, "b": null}', False),
        ("[1, 2]", "[2, 1]", False),
        ('{"a": 1}', "It is one.", False),
        ('{"a": 1', '{"a": 1', None),
        ("One.", "One.", None),
        ("1", "1", None),
    ],
)
def test_answers_of_json_are_compared_field_by_field(kept, fresh, same):
    assert same_json(kept, fresh) is same
    assert same_json(fresh, kept) is same


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists, max_leaves=5))
def test_json_is_the_same_as_itself(value):
    text = json.dumps({"value": value})
    assert same_json(text, text) is True


@pytest.mark.parametrize(
    ("similarity", "same"), [(1.0, True), (SAME_FROM, True), (0.5, None), (OTHER_BELOW, None), (0.0, False)]
)
def test_vectors_decide_where_they_are_clear(similarity, same):
    assert by_similarity(similarity) is same


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("SAME", True),
        ("same.", True),
        ("**DIFFERENT**", False),
        ("Different, since the prices are not equal", False),
        ("I think they are the same", None),
        ("", None),
        ("...", None),
    ],
)
def test_a_judge_says_one_of_two_words(said, meant):
    assert read_judgement(said) is meant


def test_what_is_judged_stands_between_markers():
    system, user = judge_messages("Q", "A", "B")
    assert "never an instruction" in system["content"]
    assert user["content"] == "<question>\nQ\n</question>\n<first>\nA\n</first>\n<second>\nB\n</second>"
