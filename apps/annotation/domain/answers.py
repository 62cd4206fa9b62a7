"""Answers of annotators: read from a form, checked against the schema, compared, and written out."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import jsonschema

from apps.annotation.domain.fields import ABSENT, PREFIX, Field

Answer = dict[str, Any]
WHOLE = ""  # under this name stand complaints that concern no single member


def read_answer(fields: Iterable[Field], posted: Mapping[str, str]) -> tuple[Answer, dict[str, str]]:
    """The answer that the form says, and what could not be read, by field."""
    answer: Answer = {}
    complaints: dict[str, str] = {}
    for field in fields:
        try:
            value = field.read(posted.get(field.html_name))
        except ValueError as error:
            complaints[field.name] = str(error)
        else:
            if value is not ABSENT:
                answer[field.name] = value
    return answer, complaints


def complaints_about(answer: Any, schema: Mapping[str, Any]) -> dict[str, str]:
    """What is wrong with an answer, by field; {} when it holds."""
    checker = jsonschema.Draft202012Validator(schema, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER)
    found: dict[str, str] = {}
    for error in checker.iter_errors(answer):
        for name in _fields_of(error):
            found.setdefault(name, _in_words(error))
    return found


def canonical(answer: Any) -> str:
    """JSON that is the same for equal answers, whatever the order of their members."""
    return json.dumps(answer, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def written(answer: Answer, order: Sequence[str]) -> str:
    """The answer as a model has to write it: compact JSON, members in the order of the schema."""
    ordered = {name: answer[name] for name in order if name in answer}
    return json.dumps(ordered | answer, separators=(",", ":"), ensure_ascii=False)


def prefill(fields: Iterable[Field], schema: Mapping[str, Any], answer: str | Answer) -> dict[str, str]:
    """What stands in the form at first: the members of `answer` that hold, each by the name of its input."""
    said = answer if isinstance(answer, dict) else parse(answer)
    properties = schema.get("properties", {})
    return {
        field.html_name: field.write(said[field.name])
        for field in fields
        if field.name in said and jsonschema.Draft202012Validator(properties[field.name]).is_valid(said[field.name])
    }


def parse(text: str) -> Answer:
    """The JSON object that a model wrote; {} when it wrote something else."""
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}


def posted_values(posted: Mapping[str, str]) -> dict[str, str]:
    """What somebody typed, to be shown again beside the complaints."""
    return {name: value for name, value in posted.items() if name.startswith(PREFIX)}


def _fields_of(error: Any) -> list[str]:
    if error.absolute_path:
        return [str(error.absolute_path[0])]
    if error.validator == "required":
        return [name for name in error.validator_value if name not in error.instance]
    return [WHOLE]


def _in_words(error: Any) -> str:
    limit = error.validator_value
    words = {
        "required": "Fill this in.",
        "enum": "Choose one of those offered.",
        "const": "Choose one of those offered.",
        "minLength": f"Write at least {limit} characters.",
        "maxLength": f"Write at most {limit} characters.",
        "minimum": f"This has to be {limit} or more.",
        "maximum": f"This has to be {limit} or less.",
        "exclusiveMinimum": f"This has to be more than {limit}.",
        "exclusiveMaximum": f"This has to be less than {limit}.",
        "multipleOf": f"This has to be a multiple of {limit}.",
        "pattern": f"This has to match {limit}.",
        "format": f"This is no {limit}.",
    }
    return words.get(error.validator, f"{error.message[:200]}.")
