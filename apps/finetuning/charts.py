"""The Plotly figure of a run: points in, plain lists and dicts out."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from apps.finetuning.queries import LossPoint


class Chart(NamedTuple):
    """A figure and the same numbers as a table; see components/chart.html."""

    figure: dict[str, Any]
    headers: list[str]
    rows: list[list[Any]]


def loss_curve(points: Sequence[LossPoint]) -> Chart | None:
    """Loss of training and of the rows that were not trained on; None before the first figure."""
    if not points:
        return None
    trained = [(point.step, point.loss) for point in points if point.loss is not None]
    validated = [(point.step, point.validation_loss) for point in points if point.validation_loss is not None]
    data = [
        _line("training", trained, "var(--series-1)", "lines"),
        _line("validation", validated, "var(--series-2)", "lines+markers"),
    ]
    layout = {
        "xaxis": {"title": {"text": "step"}},
        "yaxis": {"title": {"text": "loss per token"}, "rangemode": "tozero"},
    }
    rows = [[point.step, _rounded(point.loss), _rounded(point.validation_loss)] for point in points]
    return Chart(
        {"data": [line for line in data if line["x"]], "layout": layout}, ["Step", "Training", "Validation"], rows
    )


def _line(name: str, points: Sequence[tuple[int, float]], colour: str, mode: str) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": mode,
        "name": name,
        "x": [step for step, _ in points],
        "y": [_rounded(value) for _, value in points],
        "line": {"color": colour},
        "marker": {"size": 6},
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
