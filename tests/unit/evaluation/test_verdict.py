"""What a comparison allows to say, and how it is said."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.evaluation.domain.comparison import compare
from apps.evaluation.domain.verdict import Figures, Verdict, decide, explain, likelihood, points, rows_needed


def outcomes(*, both=0, only_candidate=0, only_incumbent=0, neither=0):
    return (
        [(True, True)] * both
        + [(True, False)] * only_candidate
        + [(False, True)] * only_incumbent
        + [(False, False)] * neither
    )


def verdict(**counts):
    return compare(outcomes(**counts)).verdict


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ({"both": 60, "only_candidate": 30, "only_incumbent": 5, "neither": 5}, Verdict.BETTER),
        ({"both": 60, "only_candidate": 5, "only_incumbent": 30, "neither": 5}, Verdict.WORSE),
        # Many rows, an even split: whatever there is, it is small.
        ({"both": 1_800, "only_candidate": 50, "only_incumbent": 50, "neither": 100}, Verdict.NO_DIFFERENCE),
        # The same answers on many rows: also without a row that differs.
        ({"both": 80, "neither": 20}, Verdict.NO_DIFFERENCE),
        # An even split of few rows could hide anything.
        ({"both": 30, "only_candidate": 10, "only_incumbent": 10, "neither": 10}, Verdict.NOT_ENOUGH),
        # No row that differs, but too few of them to say that there are none.
        ({"both": 30, "neither": 10}, Verdict.NOT_ENOUGH),
        # Five rows that differ can't carry a verdict even if they all say the same.
        ({"both": 90, "only_candidate": 5, "neither": 5}, Verdict.NOT_ENOUGH),
        ({"both": 90, "only_candidate": 6, "neither": 4}, Verdict.BETTER),
        # 29 rows say nothing, be they as clear as they may.
        ({"only_candidate": 29}, Verdict.NOT_ENOUGH),
        ({"only_candidate": 29, "only_incumbent": 1}, Verdict.BETTER),
        ({}, Verdict.NOT_ENOUGH),
    ],
)
def test_the_rule_of_the_verdict(counts, expected):
    assert verdict(**counts) is expected


@settings(max_examples=30)
@given(*[st.integers(0, 200)] * 4)
def test_turning_the_models_round_turns_the_verdict_round(both, one, other, neither):
    turned = {Verdict.BETTER: Verdict.WORSE, Verdict.WORSE: Verdict.BETTER}
    first = compare(outcomes(both=both, only_candidate=one, only_incumbent=other, neither=neither))
    second = compare(outcomes(both=both, only_candidate=other, only_incumbent=one, neither=neither))
    assert first.difference == -second.difference
    assert first.p_value == second.p_value
    if {first.verdict, second.verdict} & set(turned):
        assert second.verdict in {turned[first.verdict], Verdict.NOT_ENOUGH, Verdict.NO_DIFFERENCE}


@settings(max_examples=30)
@given(*[st.integers(0, 300)] * 4)
def test_a_verdict_never_contradicts_its_numbers(both, one, other, neither):
    comparison = compare(outcomes(both=both, only_candidate=one, only_incumbent=other, neither=neither))
    low, high = comparison.interval
    if comparison.verdict is Verdict.BETTER:
        assert one > other
        assert low > 0
    if comparison.verdict is Verdict.WORSE:
        assert other > one
        assert high < 0
    if comparison.rows < 30 or one + other < 6:
        assert comparison.verdict in {Verdict.NOT_ENOUGH, Verdict.NO_DIFFERENCE}


def test_the_comparison_counts_rows_and_names_its_field():
    stored = compare(outcomes(both=50, only_candidate=20, only_incumbent=5, neither=25), "intent").as_json()
    low, high = stored.pop("interval")
    assert 0.04 < low < 0.15 < high < 0.26
    assert stored.pop("p_value") == pytest.approx(0.00408, abs=1e-5)
    assert stored == {
        "field": "intent",
        "rows": 100,
        "both": 50,
        "only_candidate": 20,
        "only_incumbent": 5,
        "neither": 25,
        "difference": 0.15,
        "confidence": 0.95,
        "verdict": "better",
    }


def test_figures_come_back_from_a_report():
    stored = compare(outcomes(both=50, only_candidate=20, only_incumbent=5, neither=25)).as_json()
    assert decide(Figures.of_json(stored)).value == stored["verdict"]


def test_the_number_of_rows_needed_is_that_of_the_planning_formula():
    """Connor (1987): a share of 0.2 that differ and a difference of 0.1 need 155 rows for a power of 80 %."""
    assert rows_needed(Figures(100, 15, 5, (0, 0), 1.0), difference=0.1) == pytest.approx(155, abs=2)


def test_rows_needed_grow_with_disagreement_and_never_fall_below_the_least():
    few, many = (rows_needed(Figures(100, n, n, (0, 0), 1.0)) for n in (3, 30))
    assert few < many
    assert rows_needed(Figures(0, 0, 0, (-1, 1), 1.0), difference=0.9) >= 30


def said(**counts):
    comparison = compare(outcomes(**counts)).as_json()
    return " ".join(explain(Figures.of_json(comparison), candidate="novel", incumbent="steady"))


def test_the_numbers_behind_a_verdict_are_told_in_sentences():
    text = said(both=50, only_candidate=20, only_incumbent=5, neither=25)
    assert "Of 100 rows, novel alone was right on 20 and steady alone on 5." in text
    assert "points better" in text
    assert "0.4 % of such evaluations" in text


def test_too_few_rows_are_told_how_many_would_do():
    text = said(both=30, only_candidate=10, only_incumbent=10, neither=10)
    assert "rules out one of 5 points. About 1,100 rows would show it" in text


def test_below_thirty_rows_the_reason_is_the_number_of_rows():
    assert "Fewer than 30 rows" in said(only_candidate=10)


def test_without_enough_rows_that_differ_no_interval_is_claimed():
    assert "confidence" not in said(both=30, neither=10)
    assert "confidence" in said(both=30, only_candidate=10, only_incumbent=10)


def test_no_difference_says_what_is_ruled_out():
    assert "A difference of 5 points or more can be ruled out." in said(
        both=1_800, only_candidate=50, only_incumbent=50
    )


@pytest.mark.parametrize(
    ("share", "text"),
    [(0.042, "4.2 points better"), (-0.1, "10.0 points worse"), (0.0001, "no difference"), (0, "no difference")],
)
def test_differences_read_as_points(share, text):
    assert points(share) == text


def test_tiny_chances_are_not_written_as_zero():
    assert likelihood(1e-9) == "less than once in a thousand times"
    assert likelihood(0.0421) == "in 4.2 % of such evaluations"
