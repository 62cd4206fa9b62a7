"""Scoring one output against the expected answer."""

import json
from dataclasses import dataclass, field
from typing import Any, Final

from jsonschema.protocols import Validator
from jsonschema.validators import validator_for
from referencing import Registry

from apps.evaluation.domain.similarity import chrf

# The one name under which a plain-text answer's similarity stands.
ANSWER: Final = "answer"
NOT_JSON: Final[Any] = object()


@dataclass(frozen=True)
class Scores:
    """json_valid is None where the expected answer is plain text.

    fields: whether each field of the expected object came out the same. similarity: of each field that is text
    (chrF2, 0 to 1), or of the whole answer under "answer" where that is plain text.
    """

    json_valid: bool | None
    exact: bool
    fields: dict[str, bool] = field(default_factory=dict)
    similarity: dict[str, float] = field(default_factory=dict)

    def correct(self, name: str) -> bool | None:
        """Right or wrong as the comparison counts it: the named field, or the whole answer for "".

        None when the expected answer lacks the field.
        """
        return self.fields.get(name) if name else self.exact

    def as_json(self) -> dict[str, Any]:
        return {
            "json_valid": self.json_valid,
            "exact": self.exact,
            "fields": self.fields,
            "similarity": self.similarity,
        }

    @classmethod
    def of_json(cls, stored: dict[str, Any]) -> "Scores":
        return cls(stored["json_valid"], stored["exact"], stored["fields"], stored["similarity"])


def read_json(text: str) -> Any:
    """The value as a strict parser sees it (no code fence, no comment, no NaN), or NOT_JSON."""
    try:
        return json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return NOT_JSON


def fields_of(expected: str) -> list[str]:
    """The names of the fields that an expected answer has; none where it is no JSON object."""
    wanted = read_json(expected)
    return list(wanted) if isinstance(wanted, dict) else []


def checker_of(schema: dict[str, Any] | None) -> Validator | None:
    """What `score` checks answers with; made once for a dataset. A schema's references are not fetched from outside."""
    return None if schema is None else validator_for(schema)(schema, registry=Registry())


def score(*, expected: str, output: str, checker: Validator | None = None) -> Scores:
    """JSON objects and arrays are compared as values, so that blanks and the order of keys don't matter.

    All else is text, whose white space at both ends doesn't count.
    """
    wanted = read_json(expected)
    if isinstance(wanted, dict):
        return _score_object(wanted, read_json(output), checker)
    if isinstance(wanted, list):
        given = read_json(output)
        valid = isinstance(given, list) and _fits(given, checker)
        return Scores(valid, exact=same(given, wanted))
    return _score_text(expected.strip(), output.strip())


def failed(*, expected: str) -> Scores:
    """The scores of no answer at all: everything is wrong."""
    wanted = read_json(expected)
    if isinstance(wanted, dict):
        return _score_object(wanted, NOT_JSON, None)
    if isinstance(wanted, list):
        return Scores(json_valid=False, exact=False)
    return Scores(None, exact=False, similarity={ANSWER: 0.0})


def same(one: Any, other: Any) -> bool:
    """Equality of JSON values: 1 and 1.0 are the same number, 1 and true are not the same value."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[name], other[name]) for name in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other)


def _score_object(wanted: dict[str, Any], given: Any, checker: Validator | None) -> Scores:
    found: dict[str, Any] = given if isinstance(given, dict) else {}
    return Scores(
        json_valid=isinstance(given, dict) and _fits(given, checker),
        exact=same(given, wanted),
        fields={name: same(found.get(name, NOT_JSON), value) for name, value in wanted.items()},
        similarity={
            name: _similarity(found.get(name), value) for name, value in wanted.items() if isinstance(value, str)
        },
    )


def _score_text(wanted: str, given: str) -> Scores:
    return Scores(None, exact=given == wanted, similarity={ANSWER: chrf(given, wanted)})


def _fits(given: Any, checker: Validator | None) -> bool:
    return checker is None or bool(checker.is_valid(given))


def _similarity(given: Any, wanted: str) -> float:
    return chrf(given, wanted) if isinstance(given, str) else 0.0


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON.")
