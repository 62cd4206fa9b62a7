"""What a project spent, over time and by whatever it is asked by: from the sums per hour alone."""

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Sum

from apps.accounts.models import ApiKey, Project
from apps.billing.domain.period import Period
from apps.billing.domain.spending import SUMS, SpendSums
from apps.billing.models import SpendHour

MOST_ROWS = 200
SHOWN_LINES = 6
OTHERS = "everything else"


@dataclass(frozen=True)
class SpendRow:
    """One value of a dimension. label: what people call it."""

    value: str
    label: str
    sums: SpendSums


@dataclass
class Course:
    """Nano-dollars over time. lines: by label, one figure for each of `steps`, the costliest first."""

    steps: list[datetime] = field(default_factory=list)
    lines: dict[str, list[int]] = field(default_factory=dict)


def totals(project: Project, period: Period) -> SpendSums:
    found = _hours(project, period, "total").aggregate(**_sums())
    return SpendSums(**{name: int(found[f"all_{name}"] or 0) for name in SUMS})


def spent_by(project: Project, period: Period, dimension: str, *, limit: int = MOST_ROWS) -> list[SpendRow]:
    """The costliest values of a dimension; beyond `limit` they are left out."""
    rows = _hours(project, period, dimension).values("value").annotate(**_sums())
    found = list(rows.order_by("-all_amount_nano", "-all_saved_nano", "value")[:limit])
    labels = _labels(project, dimension, [row["value"] for row in found])
    return [
        SpendRow(row["value"], labels[row["value"]], SpendSums(**{name: int(row[f"all_{name}"]) for name in SUMS}))
        for row in found
    ]


def course(project: Project, period: Period, dimension: str, costliest: Sequence[SpendRow]) -> Course:
    """What the first SHOWN_LINES of `costliest` cost from step to step, and what is left of the total, if anything."""
    labels = {row.value: row.label for row in costliest[:SHOWN_LINES]}
    steps = {step: number for number, step in enumerate(period.steps)}
    lines = {label: [0] * len(steps) for label in labels.values()}
    for hour, value, nano in _amounts(project, period, dimension, value__in=labels):
        lines[labels[value]][steps[period.step_of(hour)]] += nano
    # A call may have several tags, so that they don't divide the total.
    if dimension not in {"total", "tag"}:
        rest = [-sum(nanos) for nanos in zip(*lines.values(), strict=True)] or [0] * len(steps)
        for hour, _, nano in _amounts(project, period, "total"):
            rest[steps[period.step_of(hour)]] += nano
        if any(rest):
            lines[OTHERS] = rest
    return Course(list(steps), lines)


def spent_per_hour(project: Project, period: Period, dimension: str) -> Iterator[dict[str, Any]]:
    """Every sum there is, in order of time, to be exported; read from the database bit by bit."""
    rows = _hours(project, period, dimension).order_by("hour", "value").values("hour", "value", *SUMS)
    yield from rows.iterator(chunk_size=2000)


def _amounts(project: Project, period: Period, dimension: str, **only: Any) -> Any:
    return _hours(project, period, dimension).filter(**only).values_list("hour", "value", "amount_nano")


def _hours(project: Project, period: Period, dimension: str) -> Any:
    return SpendHour.objects.for_project(project).along(dimension).between(period.start, period.end)


def _sums() -> dict[str, Sum]:
    return {f"all_{name}": Sum(name) for name in SUMS}


def _labels(project: Project, dimension: str, values: list[str]) -> dict[str, str]:
    labels = {value: value or "Everything" for value in values}
    if dimension == "key":
        keys = ApiKey.objects.filter(project=project, id__in=[uuid.UUID(value) for value in values])
        labels |= {str(key.id): str(key) for key in keys}
    return labels
