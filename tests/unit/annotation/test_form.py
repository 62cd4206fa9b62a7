import pytest

from apps.annotation.domain.form import UnsupportedSchema, check_schema, fields_of


def schema_with(**properties):
    return {"type": "object", "properties": properties}


def field_of(schema, *, required=True):
    (field,) = fields_of({**schema_with(it=schema), "required": ["it"] if required else []})
    return field


def test_the_fields_stand_in_the_order_of_the_schema():
    schema = schema_with(zeta={"type": "string"}, a={"type": "string"}, mid={"type": "string"})
    assert [field.name for field in fields_of(schema)] == ["zeta", "a", "mid"]


def test_an_order_that_was_kept_wins_and_what_it_leaves_out_comes_after():
    schema = schema_with(a={"type": "string"}, b={"type": "string"}, c={"type": "string"})
    assert [field.name for field in fields_of(schema, ["c", "gone", "b"])] == ["c", "b", "a"]


@pytest.mark.parametrize(
    ("schema", "kind"),
    [
        ({"type": "string"}, "text"),
        ({"type": "string", "maxLength": 2000}, "text"),
        ({"type": "string", "maxLength": 40}, "line"),
        ({"type": "string", "pattern": "^A"}, "line"),
        ({"type": "string", "format": "date"}, "line"),
        ({"type": ["string", "null"]}, "text"),
        ({"type": "number"}, "number"),
        ({"type": "integer"}, "integer"),
        ({"type": "boolean"}, "choice"),
        ({"enum": ["a", "b"]}, "choice"),
        ({"const": "only"}, "choice"),
        ({"enum": [f"intent {n}" for n in range(60)]}, "select"),
    ],
)
def test_each_kind_of_member_has_its_field(schema, kind):
    assert field_of(schema).kind == kind


def test_choices_have_keys_and_none_of_them_does_something_else_on_the_page():
    keys = [choice.key for choice in field_of({"enum": [f"i{n}" for n in range(30)]}).choices]
    assert keys[:11] == ["1", "2", "3", "4", "5", "6", "7", "8", "9", "a", "b"]
    assert len(set(keys)) == 30
    assert not set(keys) & set("gjks?/0")


def test_yes_and_no_are_y_and_n():
    choices = field_of({"type": "boolean"}).choices
    assert [(choice.key, choice.label, choice.answer) for choice in choices] == [("y", "yes", True), ("n", "no", False)]


def test_an_optional_choice_can_be_left_out_again():
    assert [choice.value for choice in field_of({"enum": ["a"]}, required=False).choices] == ["a", ""]


def test_a_title_and_a_description_are_for_the_annotator():
    field = field_of({"type": "string", "title": "What to say", "description": "In one sentence."})
    assert (field.label, field.help) == ("What to say", "In one sentence.")
    assert fields_of(schema_with(order_number={"type": "string"}))[0].label == "Order number"


@pytest.mark.parametrize(
    ("schema", "path"),
    [
        ([], "type"),
        ({"type": "array", "items": {"type": "string"}}, "type"),
        ({"type": "object"}, "properties"),
        (schema_with(), "properties"),
        (schema_with(order={"type": "object", "properties": {"id": {"type": "string"}}}), "properties.order.type"),
        (schema_with(tags={"type": "array"}), "properties.tags.type"),
        (schema_with(x={"type": ["string", "integer"]}), "properties.x.type"),
        (schema_with(x={}), "properties.x.type"),
        (schema_with(x=True), "properties.x"),
        (schema_with(x={"$ref": "https://example.com/x.json"}), "properties.x.$ref"),
        (schema_with(x={"anyOf": [{"type": "string"}]}), "properties.x.anyOf"),
        ({**schema_with(x={"type": "string"}), "allOf": [{}]}, "allOf"),
        (schema_with(x={"enum": [["a"], ["b"]]}), "properties.x.enum"),
        (schema_with(x={"enum": [1, "1"]}), "properties.x.enum"),
        ({**schema_with(x={"type": "string"}), "required": ["y"]}, "required"),
        (schema_with(x={"type": "string", "minLength": -1}), "properties.x.minLength"),
        (schema_with(x={"type": "text"}), "properties.x.type"),
    ],
)
def test_what_no_form_can_be_made_from_is_refused_with_its_place(schema, path):
    with pytest.raises(UnsupportedSchema) as refused:
        check_schema(schema)
    assert refused.value.path == path
    assert str(refused.value).startswith(path)
