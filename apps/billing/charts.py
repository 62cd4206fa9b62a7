"""Plotly figures of spending: nano-dollars over time in, plain lists and dicts out."""

from datetime import datetime
from typing import Any, NamedTuple

from apps.billing.domain.period import DAY, Period
from apps.billing.queries import Course
from apps.billing.queries.spending import OTHERS, SHOWN_LINES
from llmkit.money import dollars_from_nano

NANO_DIGITS = 9


class Chart(NamedTuple):
    """A figure and the same numbers as a table; see components/chart.html."""

    figure: dict[str, Any]
    headers: list[str]
    rows: list[list[Any]]


def over_time(course: Course, period: Period) -> Chart:
    """What each value cost in each hour or day, on top of each other; the table holds the steps that cost anything."""
    at = [_iso(step) for step in course.steps]
    bars = [
        {"type": "bar", "name": name, "x": at, "y": list(map(_dollars, line)), "marker": {"color": _colour(n, name)}}
        for n, (name, line) in enumerate(course.lines.items())
    ]
    layout = {
        "barmode": "relative",
        "showlegend": len(bars) > 1,
        "xaxis": {"type": "date", "range": [_iso(course.steps[0]), _iso(period.end)]},
        "yaxis": {"tickprefix": "$", "rangemode": "tozero"},
    }
    form = "%Y-%m-%d" if period.step == DAY else "%Y-%m-%d %H:%M"
    rows = [
        [step.strftime(form), *(_dollars(nano) for nano in nanos)]
        for step, *nanos in zip(course.steps, *course.lines.values(), strict=True)
        if any(nanos)
    ]
    return Chart({"data": bars, "layout": layout}, ["From (UTC)", *(f"{name}, $" for name in course.lines)], rows)


def _colour(number: int, name: str) -> str:
    return "var(--ink-3)" if name == OTHERS else f"var(--series-{number % SHOWN_LINES + 1})"


def _dollars(nano: int) -> float:
    return round(float(dollars_from_nano(nano)), NANO_DIGITS)


def _iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S")
