"""Plotly figures of an evaluation: a report in, plain lists and dicts out."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from apps.evaluation.domain.reading import WHOLE_ANSWER, signed_points, spread

MOST_SLICES = 12


class Chart(NamedTuple):
    """A figure and the same numbers as a table; see components/chart.html."""

    figure: dict[str, Any]
    headers: list[str]
    rows: list[list[Any]]


def differences(report: dict[str, Any]) -> Chart | None:
    """How much more often the candidate is right, with intervals; None without a comparison."""
    found = report.get("differences") or []
    if not found:
        return None
    compared = report["field"]
    main = [each for each in found if (each["kind"], each["name"]) == _identity(compared)]
    others = [each for each in found if each not in main]
    traces = [
        _whiskers(main, "compared", "var(--series-2)", 11),
        _whiskers(others, "fields and slices", "var(--series-5)", 8),
    ]
    layout = {
        "hovermode": "closest",
        "showlegend": False,
        "xaxis": {"title": {"text": "points"}, "showgrid": True, "rangemode": "tozero", "zerolinewidth": 2},
        "yaxis": {"autorange": "reversed", "categoryarray": [_label(each) for each in [*main, *others]]},
    }
    rows = [
        [_label(each), each["rows"], signed_points(each["difference"]), *map(signed_points, each["interval"])]
        for each in [*main, *others]
    ]
    headers = ["Compared on", "Rows", "Difference in points", "From", "To"]
    return Chart({"data": traces, "layout": layout}, headers, rows)


def accuracies(report: dict[str, Any], models: Sequence[str]) -> Chart:
    """How often each model is right, by field and by slice, with Wilson intervals."""
    groups = _groups(report, models)
    traces = [
        {
            "type": "bar",
            "orientation": "h",
            "name": name,
            "y": [label for label, _, _ in groups],
            "x": [_percent(shares[number]) for _, _, shares in groups],
            "error_x": _error_bars([(shares[number], rows) for _, rows, shares in groups]),
            "marker": {"color": colour},
        }
        for number, (name, colour) in enumerate(zip(models, ("var(--series-2)", "var(--series-1)"), strict=False))
    ]
    layout = {
        "barmode": "group",
        "hovermode": "y unified",
        "xaxis": {"title": {"text": "% right"}, "range": [0, 100], "showgrid": True},
        "yaxis": {"autorange": "reversed", "showgrid": False},
    }
    headers = ["Field or slice", "Rows", *(f"{name}, % right" for name in models)]
    return Chart(
        {"data": traces, "layout": layout},
        headers,
        [[label, rows, *map(_percent, shares)] for label, rows, shares in groups],
    )


def _groups(report: dict[str, Any], models: Sequence[str]) -> list[tuple[str, int, list[float | None]]]:
    figures = [report["models"][name] for name in models]
    groups = [(WHOLE_ANSWER, report["rows"], [each["exact"] for each in figures])]
    names = dict.fromkeys(name for each in figures for name in each["fields"])
    groups += [(name, report["rows"], [each["fields"].get(name) for each in figures]) for name in names]
    field = report["field"]
    for tag, members in list(report["slices"].items())[:MOST_SLICES]:
        shares = [members[name]["fields"].get(field) if field else members[name]["exact"] for name in models]
        groups.append((_slice(tag), members["rows"], shares))
    return groups


def _error_bars(shares: Sequence[tuple[float | None, int]]) -> dict[str, Any]:
    above, below = [], []
    for share, rows in shares:
        interval = spread(share, rows)
        above.append(_percent(interval.high - share) if interval and share is not None else 0)
        below.append(_percent(share - interval.low) if interval and share is not None else 0)
    return _asymmetric(above, below)


def _whiskers(found: Sequence[dict[str, Any]], name: str, colour: str, size: int) -> dict[str, Any]:
    at = [_percent(each["difference"]) for each in found]
    above = [_percent(each["interval"][1] - each["difference"]) for each in found]
    below = [_percent(each["difference"] - each["interval"][0]) for each in found]
    return {
        "type": "scatter",
        "mode": "markers",
        "name": name,
        "y": [_label(each) for each in found],
        "x": at,
        "error_x": _asymmetric(above, below) | {"color": colour, "thickness": 2, "width": 5},
        "marker": {"color": colour, "size": size},
    }


def _asymmetric(above: list[Any], below: list[Any]) -> dict[str, Any]:
    return {
        "type": "data",
        "symmetric": False,
        "array": above,
        "arrayminus": below,
        "color": "var(--ink)",
        "thickness": 1,
        "width": 3,
    }


def _identity(field: str) -> tuple[str, str]:
    return ("field", field) if field else ("answer", "")


def _label(each: dict[str, Any]) -> str:
    if each["kind"] == "slice":
        return _slice(each["name"])
    return each["name"] or WHOLE_ANSWER


def _slice(tag: str) -> str:
    return f"tag: {tag}"


def _percent(share: float | None) -> float | None:
    return None if share is None else round(share * 100, 1)
