"""Figures of a project over time, from the sums per minute alone: their cost does not grow with traffic."""

import math
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection

from apps.accounts.models import Project
from apps.tracing.domain import histogram
from llmkit import clock

MOST_POINTS = 60
WIDTHS = [timedelta(minutes=n) for n in (1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440)]
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_SUMS = """
    SELECT date_bin(%(width)s, minute, %(epoch)s) AS bucket, sum(requests),
           coalesce(sum(requests) FILTER (WHERE failed), 0), sum(input_tokens), sum(output_tokens), sum(cost_nano)
    FROM tracing_traceminute
    WHERE project_id = %(project)s AND minute >= %(start)s AND minute < %(end)s
    GROUP BY bucket
"""
# Histograms are stored as bucket, count, bucket, count, …
_HISTOGRAMS = """
    SELECT date_bin(%(width)s, minute, %(epoch)s) AS bucket, {column}[i] AS place, sum({column}[i + 1])
    FROM tracing_traceminute, generate_series(1, cardinality({column}), 2) AS i
    WHERE project_id = %(project)s AND minute >= %(start)s AND minute < %(end)s
    GROUP BY bucket, place ORDER BY bucket, place
"""


@dataclass
class Figures:
    """Counts, nano-dollars, and latencies in microseconds within 5 % (None without any)."""

    requests: int = 0
    errors: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost_nano: int = 0
    duration_histogram: histogram.Counts = field(default_factory=list, repr=False)
    first_token_histogram: histogram.Counts = field(default_factory=list, repr=False)

    @property
    def error_rate(self) -> float | None:
        """Share of failed requests, 0 to 1; None without requests."""
        return self.errors / self.requests if self.requests else None

    def latency_us(self, q: float) -> float | None:
        return histogram.quantile(self.duration_histogram, q)

    def first_token_us(self, q: float) -> float | None:
        return histogram.quantile(self.first_token_histogram, q)

    @property
    def latency_p50_us(self) -> float | None:
        return self.latency_us(0.5)

    @property
    def latency_p95_us(self) -> float | None:
        return self.latency_us(0.95)

    @property
    def latency_p99_us(self) -> float | None:
        return self.latency_us(0.99)

    @property
    def ttft_p50_us(self) -> float | None:
        return self.first_token_us(0.5)

    @property
    def ttft_p95_us(self) -> float | None:
        return self.first_token_us(0.95)


@dataclass
class Point(Figures):
    """The figures of one step of time, from `start` on."""

    start: datetime = EPOCH


@dataclass
class HomeFigures(Figures):
    """The whole interval, and its points in order, those without requests included. width: of a point."""

    width: timedelta = WIDTHS[0]
    points: list[Point] = field(default_factory=list)


def home_figures(project: Project, start: datetime, end: datetime | None = None) -> HomeFigures:
    """Figures from `start` to `end` (now, if not given), in at most MOST_POINTS + 1 points; three queries."""
    end = end or clock.now()
    width = next((each for each in WIDTHS if (end - start) / each <= MOST_POINTS), WIDTHS[-1])
    first = EPOCH + math.floor((start - EPOCH) / width) * width
    points = {first + n * width: Point(start=first + n * width) for n in range(math.ceil((end - first) / width))}
    bounds = {"width": width, "epoch": EPOCH, "project": project.id, "start": first, "end": end}
    for bucket, requests, errors, *sums in _rows(_SUMS, bounds):
        point = points[bucket]
        point.requests, point.errors = int(requests), int(errors)
        point.input_tokens, point.output_tokens, point.cost_nano = map(int, sums)
    for column in ("duration_histogram", "first_token_histogram"):
        for bucket, counts in _histograms(column, bounds).items():
            setattr(points[bucket], column, counts)
    return _whole(width, list(points.values()))


def _histograms(column: str, bounds: dict[str, Any]) -> dict[datetime, histogram.Counts]:
    found: dict[datetime, histogram.Counts] = defaultdict(list)
    for bucket, place, number in _rows(_HISTOGRAMS.format(column=column), bounds):
        found[bucket] += [place, int(number)]
    return found


def _rows(statement: str, values: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows


def _whole(width: timedelta, points: list[Point]) -> HomeFigures:
    return HomeFigures(
        width=width,
        points=points,
        requests=sum(point.requests for point in points),
        errors=sum(point.errors for point in points),
        input_tokens=sum(point.input_tokens for point in points),
        output_tokens=sum(point.output_tokens for point in points),
        cost_nano=sum(point.cost_nano for point in points),
        duration_histogram=histogram.merge(point.duration_histogram for point in points),
        first_token_histogram=histogram.merge(point.first_token_histogram for point in points),
    )
