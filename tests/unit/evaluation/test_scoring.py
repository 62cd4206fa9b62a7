"""Scoring one output against the expected answer."""

import json

import pytest

from apps.evaluation.domain.scoring import Scores, checker_of, failed, fields_of, same, score

EXPECTED = '{"intent":"winter_storage","reply":"We store boats from October to April.","urgent":false}'
SCHEMA = {
    "type": "object",
    "properties": {"intent": {"enum": ["winter_storage", "sail_repair"]}, "reply": {"type": "string"}},
    "required": ["intent", "reply"],
}


def answer(**changes):
    return json.dumps(json.loads(EXPECTED) | changes)


def test_an_equal_object_is_right_in_everything_however_it_is_written():
    written = json.dumps(dict(reversed(json.loads(EXPECTED).items())), indent=4)
    scores = score(expected=EXPECTED, output=written)
    assert scores == Scores(True, True, {"intent": True, "reply": True, "urgent": True}, {"intent": 1.0, "reply": 1.0})


def test_each_field_of_the_expected_answer_is_judged_for_itself():
    scores = score(expected=EXPECTED, output=answer(reply="We store boats from May to June.", urgent=True))
    assert scores.fields == {"intent": True, "reply": False, "urgent": False}
    assert not scores.exact
    assert 0.4 < scores.similarity["reply"] < 0.9


def test_a_field_more_is_not_exact_but_costs_no_field():
    scores = score(expected=EXPECTED, output=answer(mood="calm"))
    assert all(scores.fields.values())
    assert not scores.exact


def test_a_missing_field_is_wrong_even_where_null_is_expected():
    scores = score(expected='{"intent":"x","order":null}', output='{"intent":"x"}')
    assert scores.fields == {"intent": True, "order": False}


@pytest.mark.parametrize(
    "output", ["", "no idea", "[1]", f"```json\n{EXPECTED}\n```", '{"intent": NaN}', "[" * 100_000]
)
def test_what_a_strict_parser_does_not_take_for_an_object_is_wrong_in_everything(output):
    scores = score(expected=EXPECTED, output=output)
    assert scores == failed(expected=EXPECTED)
    assert scores.json_valid is False
    assert scores.fields == {"intent": False, "reply": False, "urgent": False}
    assert scores.similarity == {"intent": 0.0, "reply": 0.0}


def test_the_schema_of_the_dataset_says_what_is_valid():
    checker = checker_of(SCHEMA)
    assert score(expected=EXPECTED, output=answer(), checker=checker).json_valid
    for output in (answer(intent="sail_repair", reply=1), answer(intent="diving"), '{"intent":"sail_repair"}'):
        assert score(expected=EXPECTED, output=output, checker=checker).json_valid is False
        assert score(expected=EXPECTED, output=output).json_valid is True


def test_without_a_schema_there_is_nothing_to_check_with():
    assert checker_of(None) is None


def test_plain_text_is_right_when_it_is_the_same_save_for_white_space_around_it():
    assert score(expected="At eight.", output="  At eight.\n") == Scores(None, True, {}, {"answer": 1.0})
    near = score(expected="At eight.", output="At nine.")
    assert not near.exact
    assert 0 < near.similarity["answer"] < 1


@pytest.mark.parametrize("expected", ["42", "true", '"yes"', "At eight."])
def test_a_bare_value_is_plain_text(expected):
    assert score(expected=expected, output=expected).json_valid is None


def test_a_list_is_compared_as_a_value():
    assert score(expected="[1, 2]", output="[1,2]") == Scores(True, True)
    assert score(expected="[1, 2]", output="[2,1]") == Scores(True, False)
    assert score(expected="[1, 2]", output="none") == failed(expected="[1, 2]")


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        (1, 1.0, True),
        (1, True, False),
        (0, False, False),
        (None, False, False),
        ("1", 1, False),
        ({"a": [1, {"b": True}]}, {"a": [1.0, {"b": True}]}, True),
        ({"a": [1, {"b": True}]}, {"a": [1, {"b": 1}]}, False),
        ([1, 2], [1], False),
        ({"a": 1}, {"a": 1, "b": 2}, False),
    ],
)
def test_values_are_equal_as_json_means_it(one, other, equal):
    assert same(one, other) is equal
    assert same(other, one) is equal


def test_the_compared_outcome_is_a_field_or_the_whole_answer():
    scores = score(expected=EXPECTED, output=answer(reply="Yes."))
    assert (scores.correct("intent"), scores.correct("reply"), scores.correct("")) == (True, False, False)
    assert scores.correct("mood") is None


def test_scores_survive_their_way_through_json():
    scores = score(expected=EXPECTED, output=answer(reply="Yes."))
    assert Scores.of_json(json.loads(json.dumps(scores.as_json()))) == scores


def test_only_objects_have_fields():
    assert fields_of(EXPECTED) == ["intent", "reply", "urgent"]
    assert fields_of("[1]") == fields_of("At eight.") == []
