"""Plotly figures of caches: hours and calibrations in, plain lists and dicts out."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from apps.caching.domain.calibration import Point
from apps.caching.models import CacheHour
from llmkit.money import dollars_from_nano

# Beyond two days, hours are drawn together to days.
HOURS_SHOWN = 48
OUTCOMES = (
    ("exact hits", "exact_hits", "var(--series-1)"),
    ("semantic hits", "semantic_hits", "var(--series-2)"),
    ("misses", "misses", "var(--series-5)"),
)


class Chart(NamedTuple):
    """A figure and the same numbers as a table; see components/chart.html."""

    figure: dict[str, Any]
    headers: list[str]
    rows: list[list[Any]]


def lookups(hours: Sequence[CacheHour], start: datetime, end: datetime) -> Chart:
    """What was looked up over time, by outcome."""
    steps = _steps(hours, start, end)
    traces = [
        {"type": "bar", "name": label, "x": [_iso(at) for at in steps], "marker": {"color": colour},
         "y": [sum(getattr(hour, name) for hour in found) for found in steps.values()]}
        for label, name, colour in OUTCOMES
    ]  # fmt: skip
    rows = [
        [at.strftime("%Y-%m-%d %H:%M"), *(sum(getattr(hour, name) for hour in found) for _, name, _ in OUTCOMES)]
        for at, found in steps.items()
        if found
    ]
    layout = {"barmode": "stack", "xaxis": {"type": "date", "range": [_iso(start), _iso(end)]}}
    return Chart({"data": traces, "layout": layout}, ["From", *(label for label, _, _ in OUTCOMES)], rows)


def savings(hours: Sequence[CacheHour], start: datetime, end: datetime) -> Chart:
    """What the hits would have cost, added up."""
    total, at, sums = 0, [], []
    for moment, found in _steps(hours, start, end).items():
        total += sum(hour.saved_nano for hour in found)
        at.append(moment)
        sums.append(float(dollars_from_nano(total)))
    line = {"type": "scatter", "mode": "lines", "name": "saved", "x": [_iso(moment) for moment in at], "y": sums,
            "line": {"color": "var(--ok)", "shape": "hv"}, "fill": "tozeroy"}  # fmt: skip
    layout = {
        "showlegend": False,
        "xaxis": {"type": "date", "range": [_iso(start), _iso(end)]},
        "yaxis": {"tickprefix": "$", "rangemode": "tozero"},
    }
    rows = [[moment.strftime("%Y-%m-%d %H:%M"), f"{dollars:.6f}"] for moment, dollars in zip(at, sums, strict=True)]
    return Chart({"data": [line], "layout": layout}, ["Until", "Saved so far, $"], rows)


def calibration(points: Sequence[Point], *, threshold: float, budget: float) -> Chart:
    """Hit rate and false-hit rate by threshold, with the 95 % interval of the latter."""
    at = [point.threshold for point in points]
    hits = _line("hit rate", at, [_percent(point.hit_rate) for point in points], "var(--series-1)")
    false = _line("false-hit rate", at, [_percent(point.false_rate) for point in points], "var(--bad)")
    false["error_y"] = {
        "type": "data",
        "symmetric": False,
        "array": [_reach(point, 1) for point in points],
        "arrayminus": [_reach(point, 0) for point in points],
        "color": "var(--bad)",
        "thickness": 1,
        "width": 2,
    }
    allowed = _line("budget", [at[0], at[-1]], [_percent(budget)] * 2, "var(--warn)") | {"mode": "lines"}
    allowed["line"] |= {"dash": "dot"}
    layout = {
        "xaxis": {"title": {"text": "similar from"}},
        "yaxis": {"title": {"text": "%"}, "rangemode": "tozero", "range": [0, 100]},
        "shapes": [
            {"type": "line", "x0": threshold, "x1": threshold, "yref": "paper", "y0": 0, "y1": 1,
             "line": {"color": "var(--ink)", "width": 1, "dash": "dash"}}
        ],
    }  # fmt: skip
    rows = [
        [
            f"{point.threshold:.2f}",
            point.hits,
            _percent(point.hit_rate),
            point.false,
            _percent(point.false_rate),
            f"{point.interval.low:.1%} to {point.interval.high:.1%}" if point.hits else None,
        ]
        for point in points
    ]
    headers = ["Similar from", "Hits", "Hit rate, %", "False", "False, %", "95 % interval"]
    return Chart({"data": [hits, false, allowed], "layout": layout}, headers, rows)


def _steps(hours: Sequence[CacheHour], start: datetime, end: datetime) -> dict[datetime, list[CacheHour]]:
    """The hours of each step of the time, in order; steps in which nothing happened are empty."""
    daily = end - start > timedelta(hours=HOURS_SHOWN + 1)
    step = timedelta(days=1) if daily else timedelta(hours=1)
    at = start.replace(hour=0) if daily else start
    steps: dict[datetime, list[CacheHour]] = {}
    while at < end:
        steps[at] = []
        at += step
    for hour in hours:
        place = hour.hour.replace(hour=0) if daily else hour.hour
        if place in steps:
            steps[place].append(hour)
    return steps


def _line(name: str, x: list[float], y: list[float | None], colour: str) -> dict[str, Any]:
    line: dict[str, Any] = {"type": "scatter", "mode": "lines+markers", "name": name, "x": x, "y": y}
    return line | {"line": {"color": colour}, "marker": {"color": colour, "size": 5}}


def _reach(point: Point, end: int) -> float:
    """From the rate to the low (0) or high (1) end of its interval, in percent."""
    rate = point.false_rate
    return 0.0 if rate is None else round(abs(point.interval[end] - rate) * 100, 1)


def _percent(share: float | None) -> float | None:
    return None if share is None else round(share * 100, 1)


def _iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S")
