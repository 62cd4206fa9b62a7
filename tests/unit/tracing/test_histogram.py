import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.tracing.domain import histogram as h

DURATIONS = st.lists(st.integers(h.FLOOR_US, h.CEILING_US), min_size=1, max_size=300)
QUANTILES = st.floats(0, 1)


@given(DURATIONS, QUANTILES)
def test_a_quantile_is_within_five_percent_of_the_exact_one(durations, q):
    exact = sorted(durations)[math.floor(q * (len(durations) - 1))]
    assert h.quantile(h.count(durations), q) == pytest.approx(exact, rel=h.ACCURACY * 1.0001)


@given(st.integers(h.FLOOR_US, h.CEILING_US))
def test_the_value_of_a_bucket_is_within_five_percent_of_all_that_fall_into_it(duration):
    assert h.value_of(h.bucket_of(duration)) == pytest.approx(duration, rel=h.ACCURACY * 1.0001)


@given(st.lists(DURATIONS, max_size=6))
def test_merging_is_the_same_as_counting_all_at_once(parts):
    everything = [duration for part in parts for duration in part]
    assert h.merge(h.count(part) for part in parts) == h.count(everything)
    assert h.merge([h.merge(map(h.count, parts[:3])), h.merge(map(h.count, parts[3:]))]) == h.count(everything)


@given(st.lists(st.integers(), max_size=50))
def test_every_duration_is_counted_however_odd(durations):
    counts = h.count(durations)
    assert h.size(counts) == len(durations)
    assert counts[::2] == sorted(set(counts[::2]))
    assert all(0 <= bucket <= h.LAST_BUCKET for bucket in counts[::2])


def test_nothing_has_no_quantile():
    assert h.quantile([], 0.5) is None


def test_the_quantiles_of_one_duration_are_itself():
    assert {h.quantile(h.count([1000]), q) for q in (0, 0.5, 1)} == {h.value_of(h.bucket_of(1000))}


def test_there_are_fewer_than_two_hundred_buckets():
    assert h.LAST_BUCKET < 200
