"""The Plotly figure of a wheel: turns in, plain lists and dicts out."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from apps.pipelines.domain.gate import percent
from apps.pipelines.models import Turn


class Chart(NamedTuple):
    """A figure and the same numbers as a table; see components/chart.html."""

    figure: dict[str, Any]
    headers: list[str]
    rows: list[list[Any]]


def accuracy_by_turn(turns: Iterable[Turn]) -> Chart | None:
    """How often each turn's model was right on the exam, beside the one that served; None before the first exam."""
    found = sorted((turn for turn in turns if turn.decision), key=lambda turn: turn.number)
    decided = [(f"turn {turn.number}", turn.decision or {}, turn) for turn in found]
    if not decided:
        return None
    traces = [
        _bars(
            "served before", [(name, decision["accuracy_before"]) for name, decision, _ in decided], "var(--series-1)"
        ),
        _bars("candidate", [(name, decision["accuracy_after"]) for name, decision, _ in decided], "var(--series-2)"),
    ]
    layout = {
        "barmode": "group",
        "yaxis": {"title": {"text": "right, %"}, "range": [0, 100]},
        "xaxis": {"type": "category"},
    }
    rows = [
        [name, percent(decision["accuracy_before"]), percent(decision["accuracy_after"]), turn.get_state_display()]
        for name, decision, turn in decided
    ]
    return Chart({"data": traces, "layout": layout}, ["Turn", "Served before", "Candidate", "Outcome"], rows)


def _bars(name: str, points: list[tuple[str, float]], colour: str) -> dict[str, Any]:
    return {
        "type": "bar",
        "name": name,
        "x": [turn for turn, _ in points],
        "y": [round(share * 100, 1) for _, share in points],
        "marker": {"color": colour},
    }
