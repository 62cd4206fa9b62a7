"""From a JSON Schema to the form that annotators fill in.

Understood is an object whose members are strings, numbers, whole numbers, yes or no, or one of a list. That is what
people can fill in quickly and agree on; anything nested is refused, with the place where it stands.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import jsonschema

from apps.annotation.domain.fields import ABSENT, KEYS, Choice, Field, Kind, as_text

MOST_FIELDS = 30
SHORT = 120  # a string of at most this length fits into one line
NOT_UNDERSTOOD = ("$ref", "$dynamicRef", "allOf", "anyOf", "oneOf", "not", "if", "dependentSchemas")
KINDS: dict[str, Kind] = {"string": "text", "number": "number", "integer": "integer", "boolean": "choice"}


class UnsupportedSchema(ValueError):
    """The schema can't be made into a form. `path` says where, such as `properties.items`."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path}: {reason}" if path else reason)
        self.path, self.reason = path, reason


def check_schema(schema: Any) -> None:
    """UnsupportedSchema when this is no JSON Schema, or one that the form doesn't understand."""
    _check_is_object(schema)
    try:
        jsonschema.Draft202012Validator.check_schema(schema)
    except jsonschema.SchemaError as error:
        raise UnsupportedSchema(".".join(map(str, error.absolute_path)), error.message)
    fields_of(schema)


def fields_of(schema: Any, order: Iterable[str] = ()) -> list[Field]:
    """The fields, first those that `order` names, then the others as the schema has them."""
    _check_is_object(schema)
    _refuse_combinations(schema, "")
    properties = schema.get("properties")
    if not isinstance(properties, dict) or not properties:
        raise UnsupportedSchema("properties", "name at least one member of the answer here.")
    if len(properties) > MOST_FIELDS:
        raise UnsupportedSchema("properties", f"at most {MOST_FIELDS} members fit into a form.")
    required = schema.get("required", [])
    if unknown := [name for name in required if name not in properties]:
        raise UnsupportedSchema("required", f"'{unknown[0]}' is not among the properties.")
    names = [name for name in order if name in properties]
    names += [name for name in properties if name not in names]
    return [_field(name, properties[name], name in required) for name in names]


def _check_is_object(schema: Any) -> None:
    if not isinstance(schema, dict) or schema.get("type", "object") != "object":
        raise UnsupportedSchema("type", "the answer has to be an object with named members.")


def _field(name: str, schema: Any, required: bool) -> Field:
    path = f"properties.{name}"
    if not isinstance(schema, dict):
        raise UnsupportedSchema(path, "describe the member with an object that has a type.")
    _refuse_combinations(schema, f"{path}.")
    types = schema.get("type", [])
    types = [types] if isinstance(types, str) else list(types)
    nullable = "null" in types
    choices = _choices(schema, types, path, required)
    kind = _kind(schema, [kind for kind in types if kind != "null"], choices, path)
    label = str(schema.get("title") or name.replace("_", " ").replace("-", " ").strip().capitalize() or name)
    help_text = str(schema.get("description", ""))
    return Field(name, label, kind, required, nullable, help_text, choices)


def _kind(schema: dict[str, Any], types: Sequence[str], choices: Sequence[Choice], path: str) -> Kind:
    if choices:
        return "choice" if len(choices) <= len(KEYS) else "select"
    if len(types) != 1 or types[0] not in KINDS:
        told = " or ".join(types) or "nothing"
        raise UnsupportedSchema(
            f"{path}.type", f"a form has string, number, integer, boolean or an enum; this says {told}."
        )
    short = schema.get("maxLength", SHORT + 1) <= SHORT or "pattern" in schema or "format" in schema
    return "line" if types[0] == "string" and short else KINDS[types[0]]


def _choices(schema: dict[str, Any], types: Sequence[str], path: str, required: bool) -> tuple[Choice, ...]:
    """Of an enum, of a constant, or yes and no; () for other members."""
    if "enum" in schema or "const" in schema:
        values = schema.get("enum", [schema.get("const")])
        keys = KEYS
    elif [kind for kind in types if kind != "null"] == ["boolean"]:
        values, keys = [True, False, *([None] if "null" in types else [])], "yn0"
    else:
        return ()
    if any(isinstance(value, dict | list) for value in values):
        raise UnsupportedSchema(f"{path}.enum", "choices have to be plain values.")
    texts = [as_text(value) for value in values]
    if len(set(texts)) < len(texts) or "" in texts:
        raise UnsupportedSchema(f"{path}.enum", "choices have to differ from each other, and not be empty.")
    found = [
        Choice(text, _said(value, text), value, keys[place] if place < len(keys) else "")
        for place, (value, text) in enumerate(zip(values, texts, strict=True))
    ]
    return tuple(found if required else [*found, Choice("", "leave out", ABSENT, "0" if keys is KEYS else "")])


def _said(value: Any, text: str) -> str:
    if value is None:
        return "nothing (null)"
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else text


def _refuse_combinations(schema: dict[str, Any], path: str) -> None:
    for word in NOT_UNDERSTOOD:
        if word in schema:
            raise UnsupportedSchema(f"{path}{word}", "a form can't be made from this; write the members out.")
