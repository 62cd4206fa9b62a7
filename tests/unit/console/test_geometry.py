"""Drawings stay inside their frames whatever the figures are."""

import re

from hypothesis import given
from hypothesis import strategies as st

from apps.console.domain import geometry

TIMES = st.floats(min_value=0, max_value=1e12)


def number(percent: str) -> float:
    return float(percent.removesuffix("%"))


@given(TIMES, TIMES, TIMES, st.none() | TIMES)
def test_a_bar_never_leaves_its_lane(start: float, duration: float, total: float, first: float | None) -> None:
    bar = geometry.lane(start, duration, total, first)
    assert number(bar.x) >= 0
    assert number(bar.width) >= geometry.NARROWEST_BAR
    assert number(bar.x) + number(bar.width) <= 100.001
    assert bar.first == "" or number(bar.first) <= number(bar.width)


def test_a_bar_covers_its_share_of_the_time() -> None:
    assert geometry.lane(250, 500, 1000, 100) == ("25.000%", "50.000%", "10.000%")


@given(st.floats(min_value=0, max_value=1e13))
def test_a_ruler_has_a_few_marks_at_rising_places(total: float) -> None:
    places = [number(mark.x) for mark in geometry.ruler(total)]
    assert 3 <= len(places) <= 5
    assert places[0] == 0
    assert places == sorted(set(places))
    assert places[-1] <= 100


def test_ruler_marks_are_round_times() -> None:
    labels = [mark.label.replace("\u202f", " ") for mark in geometry.ruler(842_000)]
    assert labels == ["0", "250 ms", "500 ms", "750 ms"]


@given(st.lists(st.floats(min_value=-1e9, max_value=1e9), min_size=2, max_size=60))
def test_a_sparkline_stays_in_its_box(values: list[float | None]) -> None:
    points = points_of(values)
    assert len(points) == len(values)
    assert all(0 <= x <= 100 and 0 <= y <= geometry.SPARK_HEIGHT for x, y in points)


def test_a_sparkline_runs_over_gaps_and_never_falls_to_zero_in_them() -> None:
    assert points_of([None, 5, None, 5, None]) == [(25, 2), (75, 2)]


def points_of(values: list[float | None]) -> list[tuple[float, float]]:
    drawn = geometry.spark(values)
    assert drawn is not None
    return [(float(x), float(y)) for x, y in re.findall(r"(-?[\d.]+) (-?[\d.]+)", drawn.line)]


def test_one_value_is_no_trend() -> None:
    assert geometry.spark([3]) is None
    assert geometry.spark([None, 3, None]) is None
