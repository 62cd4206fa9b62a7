"""Statistics against published figures, against the theory, and under invented data."""

import math
from statistics import NormalDist, fmean, pvariance

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from llmkit.statistics import mcnemar_exact, paired_bootstrap_interval, percentile, wilson_interval

# Differences of right-or-wrong outcomes: how often only the first, only the second, or neither alone was right.
splits = st.tuples(st.integers(0, 300), st.integers(0, 300), st.integers(0, 300)).filter(any)


def outcomes(only_first, only_second, equal):
    return [1] * only_first + [-1] * only_second + [0] * equal


@pytest.mark.parametrize(
    ("only_first", "only_second", "p_value"),
    [
        (150, 86, 3.716e-05),  # Agresti, approval of the prime minister; exact2x2's vignette prints this figure
        (2, 9, 0.06543),  # exact2x2's vignette
        (6, 16, 0.05248),  # the following: R's binom.test(b, b + c)
        (1, 7, 0.0703125),
        (12, 30, 0.007916),
    ],
)
def test_mcnemars_exact_test_gives_the_published_p_values(only_first, only_second, p_value):
    assert mcnemar_exact(only_first, only_second) == pytest.approx(p_value, rel=2e-4)


def test_five_pairs_can_never_reach_five_percent_and_six_can():
    assert mcnemar_exact(5, 0) == 2 / 2**5 > 0.05
    assert mcnemar_exact(0, 6) == 2 / 2**6 < 0.05


def test_no_pair_that_differs_is_no_evidence():
    assert mcnemar_exact(0, 0) == 1


@given(st.integers(0, 400), st.integers(0, 400))
def test_mcnemars_p_value_is_a_probability_and_symmetric(one, other):
    p_value = mcnemar_exact(one, other)
    assert 0 < p_value <= 1
    assert p_value == mcnemar_exact(other, one)


@given(st.integers(1, 400), st.data())
def test_a_more_uneven_split_of_the_same_pairs_is_less_likely_by_chance(pairs, data):
    fewer = data.draw(st.integers(0, pairs // 2))
    more = data.draw(st.integers(fewer, pairs // 2))
    assert mcnemar_exact(fewer, pairs - fewer) <= mcnemar_exact(more, pairs - more)


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilsons_interval_gives_newcombes_table(successes, trials, low, high):
    """Newcombe, Statistics in Medicine 17 (1998) 857, table I, method 3."""
    assert wilson_interval(successes, trials) == (pytest.approx(low, abs=5e-5), pytest.approx(high, abs=5e-5))


def test_without_trials_every_share_is_possible():
    assert wilson_interval(0, 0) == (0, 1)


@given(st.integers(1, 10_000), st.data())
def test_wilsons_interval_holds_the_share_and_stays_within_bounds(trials, data):
    successes = data.draw(st.integers(0, trials))
    low, high = wilson_interval(successes, trials)
    assert 0 <= low <= successes / trials <= high <= 1
    assert low < high
    mirrored = wilson_interval(trials - successes, trials)
    assert (1 - mirrored.high, 1 - mirrored.low) == (pytest.approx(low), pytest.approx(high))


@given(st.integers(1, 1_000), st.data())
def test_more_confidence_is_a_wider_interval_and_more_trials_a_narrower_one(trials, data):
    successes = data.draw(st.integers(0, trials))
    narrow, wide = wilson_interval(successes, trials, 0.8), wilson_interval(successes, trials, 0.99)
    assert wide.low <= narrow.low <= narrow.high <= wide.high
    many = wilson_interval(10 * successes, 10 * trials, 0.99)
    assert many.high - many.low < wide.high - wide.low


@pytest.mark.parametrize(
    ("differences", "low", "high"),
    [
        (outcomes(20, 8, 72), 0.02, 0.22),
        (outcomes(9, 0, 31), 0.125, 0.375),
        ([0.5] * 3 + [1.0] * 7 + [-0.25] * 4 + [0.0] * 20 + [2.0] * 2, 0.1597, 0.5486),
    ],
)
def test_the_bootstrap_agrees_with_scipys_bca_interval(differences, low, high):
    """scipy.stats.bootstrap(method="BCa", n_resamples=100_000)."""
    found = paired_bootstrap_interval(differences, resamples=20_000)
    assert found == (pytest.approx(low, abs=0.011), pytest.approx(high, abs=0.011))


@pytest.mark.parametrize("differences", [outcomes(1_500, 900, 7_600), [math.sin(n * n) for n in range(1_500)]])
def test_the_bootstrap_of_many_rows_is_the_normal_interval(differences):
    """By counts and by rows."""
    mean, deviation = fmean(differences), math.sqrt(pvariance(differences) / len(differences))
    reach = NormalDist().inv_cdf(0.975) * deviation
    low, high = paired_bootstrap_interval(differences, resamples=4_000)
    assert (low, high) == (
        pytest.approx(mean - reach, abs=0.15 * deviation), pytest.approx(mean + reach, abs=0.15 * deviation)
    )  # fmt: skip


def test_the_bootstrap_leans_towards_the_longer_tail():
    low, high = paired_bootstrap_interval([10.0] * 3 + [0.1 * n for n in range(37)], resamples=4_000)
    mean = fmean([10.0] * 3 + [0.1 * n for n in range(37)])
    assert high - mean > 1.1 * (mean - low)


@settings(max_examples=40)
@given(splits, st.integers(0, 1_000))
def test_the_bootstrap_interval_stays_within_what_was_seen_and_repeats_itself(split, seed):
    differences = outcomes(*split)
    low, high = paired_bootstrap_interval(differences, resamples=200, seed=seed)
    assert min(differences) <= low <= high <= max(differences)
    assert (low, high) == paired_bootstrap_interval(differences, resamples=200, seed=seed)


@settings(max_examples=25)
@given(splits)
def test_the_bootstrap_interval_holds_the_mean(split):
    differences = outcomes(*split)
    assume(len(differences) >= 20)
    low, high = paired_bootstrap_interval(differences, resamples=500)
    assert low - 1e-9 <= fmean(differences) <= high + 1e-9


@settings(max_examples=25)
@given(splits)
def test_turning_the_pairs_round_turns_the_interval_round(split):
    one = paired_bootstrap_interval(outcomes(*split), resamples=1_000, seed=1)
    other = paired_bootstrap_interval([-each for each in outcomes(*split)], resamples=1_000, seed=2)
    reach = 0.4 * (one.high - one.low) + 1e-9
    assert (one.low, one.high) == (pytest.approx(-other.high, abs=reach), pytest.approx(-other.low, abs=reach))


def test_another_seed_gives_nearly_the_same_interval():
    first, second = (paired_bootstrap_interval(outcomes(120, 80, 800), seed=seed) for seed in (1, 2))
    assert first != second
    assert first == (pytest.approx(second.low, abs=0.005), pytest.approx(second.high, abs=0.005))


def test_equal_differences_leave_nothing_to_estimate():
    assert paired_bootstrap_interval([1, 1, 1]) == (1, 1)


@pytest.mark.parametrize(
    ("values", "percent", "expected"),
    [([15, 20, 35, 40, 50], 40, 29.0), ([1, 2, 3, 4], 50, 2.5), ([7], 95, 7), ([3, 1, 2], 100, 3), ([3, 1, 2], 0, 1)],
)
def test_percentiles_lie_between_neighbours_linearly(values, percent, expected):
    """40th of 15, 20, 35, 40, 50: as numpy.percentile and R's quantile say."""
    assert percentile(values, percent) == expected


@given(st.lists(st.floats(-1e6, 1e6), min_size=1), st.floats(0, 100), st.floats(0, 100))
def test_percentiles_grow_with_the_percentage_and_stay_among_the_values(values, one, other):
    lower, upper = percentile(values, min(one, other)), percentile(values, max(one, other))
    assert min(values) <= lower <= upper <= max(values)


@pytest.mark.parametrize(
    "nonsense",
    [
        lambda: mcnemar_exact(-1, 2),
        lambda: wilson_interval(3, 2),
        lambda: wilson_interval(1, 2, confidence=95),
        lambda: paired_bootstrap_interval([]),
        lambda: paired_bootstrap_interval([1, 0], resamples=0),
        lambda: paired_bootstrap_interval([1, 1], confidence=1),
        lambda: percentile([], 50),
        lambda: percentile([1], 101),
    ],
)
def test_what_has_no_answer_is_refused(nonsense):
    with pytest.raises(ValueError):
        nonsense()
