"""What sampled hits say about a route."""

import pytest

from apps.caching.domain.false_hits import FEWEST_SAMPLES, FalseHits, Standing


@pytest.mark.parametrize(
    ("false", "samples", "low", "high"),
    # Newcombe, Statistics in Medicine 17 (1998) 857, table I, method 3.
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_the_interval_is_the_published_one(false, samples, low, high):
    interval = FalseHits(false, samples, 0.02).interval
    assert interval.low == pytest.approx(low, abs=5e-5)
    assert interval.high == pytest.approx(high, abs=5e-5)


@pytest.mark.parametrize(
    ("false", "samples", "standing"),
    [
        (0, 0, Standing.UNKNOWN),
        (FEWEST_SAMPLES - 1, FEWEST_SAMPLES - 1, Standing.UNKNOWN),  # too few to tell, however bad they are
        (2, FEWEST_SAMPLES, Standing.UNKNOWN),  # from 0.0185
        (3, FEWEST_SAMPLES, Standing.ABOVE),  # from 0.0346
        (0, 100, Standing.UNKNOWN),  # up to 0.0370
        (0, 200, Standing.WITHIN),  # up to 0.0188
        (20, 1_000, Standing.UNKNOWN),  # on the budget
        (40, 1_000, Standing.ABOVE),
        (10, 1_000, Standing.WITHIN),
    ],
)
def test_a_route_is_above_or_within_its_budget_only_when_the_whole_interval_is(false, samples, standing):
    assert FalseHits(false, samples, 0.02).standing == standing


def test_the_rate_is_a_share_of_the_samples():
    assert FalseHits(1, 4, 0.02).rate == 0.25
    assert FalseHits(0, 0, 0.02).rate is None
