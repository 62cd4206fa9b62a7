"""Windows: aligned to UTC, without gaps, as long as the calendar says."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.limits.domain.rules import Window
from apps.limits.domain.windows import ENDLESS, Bounds, bounds

MOMENTS = st.integers(0, 4_102_444_800_000)  # until the year 2100


def ms(*parts: int) -> int:
    return int(datetime(*parts, tzinfo=UTC).timestamp() * 1000)


@pytest.mark.parametrize(
    ("window", "start", "end", "next_end"),
    [
        (Window.MINUTE, (2024, 2, 29, 23, 59), (2024, 3, 1), (2024, 3, 1, 0, 1)),
        (Window.DAY, (2024, 2, 29), (2024, 3, 1), (2024, 3, 2)),
        (Window.MONTH, (2024, 2, 1), (2024, 3, 1), (2024, 4, 1)),
    ],
)
def test_the_last_millisecond_of_a_leap_day_belongs_to_it(window, start, end, next_end):
    assert bounds(window, ms(2024, 3, 1) - 1) == Bounds(ms(*start), ms(*end), ms(*next_end))


def test_a_year_ends_with_december():
    assert bounds(Window.MONTH, ms(2025, 11, 30)) == Bounds(ms(2025, 11, 1), ms(2025, 12, 1), ms(2026, 1, 1))


@given(moment=MOMENTS, window=st.sampled_from([Window.MINUTE, Window.DAY, Window.MONTH]))
def test_a_window_holds_its_moment_and_the_next_one_follows_at_once(moment, window):
    start, end, next_end = bounds(window, moment)
    assert start <= moment < end < next_end
    assert bounds(window, end)[:2] == (end, next_end)
    assert bounds(window, start) == bounds(window, moment)


@given(moment=MOMENTS)
def test_a_total_has_no_windows(moment):
    assert bounds(Window.TOTAL, moment) == ENDLESS
