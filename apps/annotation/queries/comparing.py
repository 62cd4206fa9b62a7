"""What people answered to one item, side by side."""

from dataclasses import dataclass
from typing import Any

from apps.accounts.models import User
from apps.annotation.domain.answers import Answer, canonical
from apps.annotation.domain.fields import Field
from apps.annotation.models import Annotation, AnnotationItem

NOTHING = "–"


@dataclass(frozen=True)
class Line:
    """One field: its values by person, and whether they differ."""

    label: str
    values: list[str]
    differ: bool


@dataclass(frozen=True)
class Comparison:
    """people: who answered, in the order of their answers; others: who holds the item or skipped it."""

    people: list[Annotation]
    others: list[Annotation]
    lines: list[Line]

    @property
    def first_answer(self) -> dict[str, Any]:
        return self.people[0].given_answer if self.people else {}


def accepted_lines(item: AnnotationItem) -> list[tuple[str, str]]:
    """The accepted answer, field by field; [] before there is one."""
    accepted = item.accepted_answer
    return [(field.label, _said(field, accepted)) for field in item.queue.fields] if accepted else []


def comparison_of(item: AnnotationItem, only: User | None = None) -> Comparison:
    """`only`: leave out everybody else."""
    rows = item.annotations.select_related("annotator").order_by("answered_at", "created_at")
    if only is not None:
        rows = rows.filter(annotator=only)
    found = list(rows)
    people = [row for row in found if row.state == Annotation.State.ANSWERED]
    lines = []
    for field in item.queue.fields:
        given = {canonical(row.given_answer.get(field.name)) for row in people}
        lines.append(Line(field.label, [_said(field, row.given_answer) for row in people], len(given) > 1))
    return Comparison(people, [row for row in found if row not in people], lines)


def _said(field: Field, answer: Answer) -> str:
    value = answer.get(field.name)
    return NOTHING if value is None else field.say(value)
