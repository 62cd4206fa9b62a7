"""Periods are whole hours, and their steps cover them without gaps."""

from datetime import UTC, date, datetime, timedelta, timezone
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.billing.domain import period
from apps.billing.domain.period import DAY, HOUR, BadPeriod, between, last, of_days

NOW = datetime(2026, 3, 10, 12, 30, tzinfo=UTC)


@pytest.mark.parametrize(("preset", "length"), period.PRESETS.items())
def test_a_preset_reaches_back_from_the_present_hour(preset, length):
    found = last(preset, NOW)
    assert found.end == datetime(2026, 3, 10, 13, tzinfo=UTC)
    assert found.end - found.start == length
    assert found.preset == preset


def test_an_unknown_preset_is_the_usual_one():
    assert last("1000y", NOW).preset == period.DEFAULT


def test_ends_are_made_larger_to_whole_hours():
    found = between(NOW, NOW + timedelta(minutes=40), NOW)
    assert (found.start, found.end) == (NOW.replace(minute=0), NOW.replace(hour=14, minute=0))


def test_ends_in_other_zones_are_taken_to_utc():
    east = timezone(timedelta(hours=2))
    found = between(datetime(2026, 3, 1, 2, tzinfo=east), datetime(2026, 3, 2, 2, tzinfo=east), NOW)
    assert (found.start, found.end) == (datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 2, tzinfo=UTC))


def test_days_are_whole_and_the_month_is_the_default():
    found = of_days(date(2026, 2, 1), date(2026, 2, 28), NOW)
    assert (found.start, found.end) == (datetime(2026, 2, 1, tzinfo=UTC), datetime(2026, 3, 1, tzinfo=UTC))
    assert of_days(None, None, NOW).start == datetime(2026, 3, 1, tzinfo=UTC)


@pytest.mark.parametrize(("start", "end"), [(NOW, NOW - DAY), (NOW - timedelta(days=500), NOW)])
def test_a_period_that_makes_no_sense_names_its_end(start, end):
    with pytest.raises(BadPeriod) as caught:
        between(start, end, NOW)
    assert caught.value.field == "from"


@given(
    st.timedeltas(timedelta(0), timedelta(days=800)).map(lambda age: NOW - age),
    st.timedeltas(timedelta(minutes=1), period.LONGEST - DAY),
)
def test_steps_cover_the_period_without_gaps(start, length):
    found = between(start, start + length, NOW)
    steps = found.steps
    assert steps[0] <= found.start < steps[0] + found.step
    assert steps[-1] < found.end <= steps[-1] + found.step
    assert all(later - earlier == found.step for earlier, later in pairwise(steps))
    assert found.step_of(found.start) in steps
    assert found.step_of(found.end - HOUR) in steps
