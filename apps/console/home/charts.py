"""Plotly figures of the home page: figures in, plain lists and dicts out."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from apps.tracing.queries import Point


class Chart(NamedTuple):
    """A figure and the same numbers as a table; see components/chart.html."""

    figure: dict[str, Any]
    headers: list[str]
    rows: list[list[Any]]


def traffic(series: Sequence[Point]) -> Chart:
    """Requests that succeeded and failed, stacked, per bucket of time."""
    at = [point.start.isoformat() for point in series]
    good, bad = [point.requests - point.errors for point in series], [point.errors for point in series]
    data = [
        {"type": "bar", "name": "answered", "x": at, "y": good, "marker": {"color": "var(--series-1)"}},
        {"type": "bar", "name": "failed", "x": at, "y": bad, "marker": {"color": "var(--bad)"}},
    ]
    rows = [[moment(point), point.requests, point.errors] for point in series]
    return Chart({"data": data, "layout": {"barmode": "stack"}}, ["Time (UTC)", "Requests", "Failed"], rows)


def latency(series: Sequence[Point]) -> Chart:
    """Median and 95th percentile of the whole answer, and the median time to the first token, in milliseconds."""
    at = [point.start.isoformat() for point in series]
    lines = [
        ("p95", "latency_p95_us", "var(--series-3)"),
        ("p50", "latency_p50_us", "var(--series-1)"),
        ("first token p50", "ttft_p50_us", "var(--series-2)"),
    ]
    data = [
        {
            "type": "scatter",
            "mode": "lines+markers",
            "name": name,
            "x": at,
            "y": [milliseconds(getattr(point, field)) for point in series],
            "line": {"color": colour},
            "marker": {"size": 4},
            "connectgaps": False,
        }
        for name, field, colour in lines
    ]
    rows = [[moment(point), *(milliseconds(getattr(point, field)) for _, field, _ in lines)] for point in series]
    headers = ["Time (UTC)", "p95 ms", "p50 ms", "First token p50 ms"]
    return Chart({"data": data, "layout": {"yaxis": {"title": {"text": "ms"}}}}, headers, rows)


def milliseconds(us: float | None) -> float | None:
    return None if us is None else round(us / 1000, 1)


def moment(point: Point) -> str:
    return f"{point.start:%d %b %H:%M}"
