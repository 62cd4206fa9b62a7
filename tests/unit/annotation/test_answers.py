import json

import pytest

from apps.annotation.domain.answers import canonical, complaints_about, parse, prefill, read_answer, written
from apps.annotation.domain.form import fields_of
from apps.annotation.domain.reading import read_alpha
from apps.annotation.domain.settling import Outcome, outcome_of

SCHEMA = {
    "type": "object",
    "properties": {
        "reply": {"type": "string", "minLength": 3, "maxLength": 500},
        "intent": {"enum": ["refund", "other"]},
        "urgent": {"type": "boolean"},
        "pieces": {"type": "integer", "minimum": 1},
        "price": {"type": ["number", "null"]},
    },
    "required": ["intent", "reply"],
}
FIELDS = fields_of(SCHEMA)


def read(**typed):
    return read_answer(FIELDS, {f"answer-{name}": value for name, value in typed.items()})


def test_what_was_typed_becomes_json_of_the_right_types():
    answer, complaints = read(reply=" Of course. ", intent="refund", urgent="true", pieces="3", price="2.50")
    assert complaints == {}
    assert answer == {"reply": "Of course.", "intent": "refund", "urgent": True, "pieces": 3, "price": 2.5}


def test_empty_fields_are_left_out_and_null_where_null_is_allowed():
    assert read(reply="", intent="", urgent="", pieces="", price="") == ({"price": None}, {})
    assert read() == ({"price": None}, {})


def test_line_ends_of_browsers_and_characters_that_nothing_can_store_do_not_make_answers_differ():
    assert read(reply="one\r\ntwo\0\r\n")[0]["reply"] == "one\ntwo"


@pytest.mark.parametrize("typed", ["2", "2.0", " 2 "])
def test_equal_numbers_are_equal_answers(typed):
    assert canonical(read(price=typed)[0]) == canonical({"price": 2})


@pytest.mark.parametrize(
    ("name", "typed"),
    [("pieces", "two"), ("pieces", "2.5"), ("price", "nan"), ("price", "1e999"), ("price", "x"), ("intent", "made up")],
)
def test_what_cannot_be_read_is_named_by_its_field(name, typed):
    answer, complaints = read(**{name: typed})
    assert list(complaints) == [name]
    assert name not in answer


@pytest.mark.parametrize(
    ("answer", "field", "words"),
    [
        ({"reply": "long enough"}, "intent", "Fill this in."),
        ({"reply": "no", "intent": "other"}, "reply", "Write at least 3 characters."),
        ({"reply": "yes", "intent": "else"}, "intent", "Choose one of those offered."),
        ({"reply": "yes", "intent": "other", "pieces": 0}, "pieces", "This has to be 1 or more."),
        ({"reply": "yes", "intent": "other", "urgent": "very"}, "urgent", "'very' is not of type 'boolean'."),
        ([], "", "[] is not of type 'object'."),
    ],
)
def test_what_does_not_fit_the_schema_is_named_by_its_field(answer, field, words):
    assert complaints_about(answer, SCHEMA) == {field: words}


def test_every_field_that_is_missing_is_named():
    assert set(complaints_about({}, SCHEMA)) == {"intent", "reply"}


def test_an_answer_is_written_compactly_in_the_order_of_the_schema():
    stored = {"intent": "refund", "reply": "Já, klar", "urgent": False}
    assert written(stored, [field.name for field in FIELDS]) == '{"reply":"Já, klar","intent":"refund","urgent":false}'


def test_the_answer_of_the_model_fills_the_form_and_is_confirmed_as_it_is():
    said = {"reply": "As you wish.", "intent": "refund", "urgent": True, "pieces": 2, "price": None}
    shown = prefill(FIELDS, SCHEMA, json.dumps(said))
    assert read_answer(FIELDS, shown) == (said, {})


def test_only_the_members_that_hold_fill_the_form():
    assert prefill(FIELDS, SCHEMA, '{"reply": "Aye.", "intent": "mutiny", "pieces": "many"}') == {
        "answer-reply": "Aye."
    }


@pytest.mark.parametrize("text", ["", "Aye, aye!", "[1]", "{", '"x"', "[" * 100_000])
def test_what_is_no_json_object_fills_nothing(text):
    assert parse(text) == {}
    assert prefill(FIELDS, SCHEMA, text) == {}


@pytest.mark.parametrize(
    ("answers", "wanted", "outcome"),
    [
        ([], 1, Outcome.WAITING),
        ([{"a": 1}], 2, Outcome.WAITING),
        ([{"a": 1}], 1, Outcome.AGREED),
        ([{"a": 1, "b": 2}, {"b": 2, "a": 1}], 2, Outcome.AGREED),
        ([{"a": 1}, {"a": 2}], 2, Outcome.DISPUTED),
        ([{"a": 1}, {"a": 1}, {"a": 2}], 3, Outcome.DISPUTED),
    ],
)
def test_an_item_is_settled_by_enough_equal_answers(answers, wanted, outcome):
    assert outcome_of(answers, wanted) is outcome


def test_alpha_is_read_in_plain_words():
    assert [read_alpha(alpha).tone for alpha in (None, 0.9, 0.7, 0.3, -0.1)] == ["neutral", "ok", "warn", "bad", "bad"]


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("urgent", True, "yes"),
        ("urgent", False, "no"),
        ("intent", "refund", "refund"),
        ("price", 1, "1"),
        ("reply", "yes", "yes"),
    ],
)
def test_values_are_said_as_the_form_says_them(name, value, said):
    field = next(field for field in FIELDS if field.name == name)
    assert field.say(value) == said
