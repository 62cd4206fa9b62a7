"""The fields of an annotator's form, and what goes into and comes out of each."""

import json
from dataclasses import dataclass
from typing import Any, Final, Literal

from apps.tracing.domain.sanitise import clean_text

PREFIX = "answer-"
# Of the letters, those are left out that do something else on the page: g, j, k walk the rooms and rows, s skips.
KEYS: Final = "123456789abcdefhilmnopqrtuvwxyz"

Kind = Literal["choice", "select", "line", "text", "number", "integer"]


class Absent:
    """What an empty optional field stands for: the member is left out of the answer."""


ABSENT: Final = Absent()


@dataclass(frozen=True)
class Choice:
    """value: as the browser sends it; answer: as it stands in the JSON; key: what chooses it, "" for none."""

    value: str
    label: str
    answer: Any
    key: str = ""


@dataclass(frozen=True)
class Field:
    """kind: choice (a few, with keys), select (many), line, text (several lines), number or integer."""

    name: str
    label: str
    kind: Kind
    required: bool
    nullable: bool = False
    help: str = ""
    choices: tuple[Choice, ...] = ()

    @property
    def html_name(self) -> str:
        return PREFIX + self.name

    def read(self, text: str | None) -> Any:
        """The JSON value of what was sent, ABSENT for nothing; ValueError with words for people."""
        if self.choices:
            return self._chosen(text)
        clean = clean_text((text or "").replace("\r\n", "\n").replace("\0", "")).strip()
        if not clean:
            return None if self.nullable else ABSENT
        if self.kind == "integer":
            return _number(clean, int, "Write a whole number, such as 3.")
        if self.kind == "number":
            return _number(clean, float, "Write a number, such as 3 or 2.5.")
        return clean

    def write(self, value: Any) -> str:
        """What stands in the field for a JSON value: the opposite of `read`."""
        return "" if value is None and not self.choices else as_text(value)

    def say(self, value: Any) -> str:
        """A JSON value as people read it: choices by what stands beside them in the form."""
        text = as_text(value)
        return next((choice.label for choice in self.choices if choice.value == text), text)

    def _chosen(self, text: str | None) -> Any:
        if not text:
            return ABSENT
        found = [choice.answer for choice in self.choices if choice.value == text]
        if not found:
            raise ValueError("Choose one of those offered.")
        return found[0]


def as_text(value: Any) -> str:
    """Strings as they are, everything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _number(text: str, convert: type[int] | type[float], complaint: str) -> int | float:
    try:
        number = convert(text)
    except ValueError:
        raise ValueError(complaint)
    if number != number or number in (float("inf"), float("-inf")):
        raise ValueError(complaint)
    # 2 and 2.0 are the same number, so they have to be the same answer.
    return int(number) if isinstance(number, float) and number.is_integer() else number
