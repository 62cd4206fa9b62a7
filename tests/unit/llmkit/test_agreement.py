"""Alpha against the worked examples of Krippendorff, Computing Krippendorff's Alpha-Reliability (2011)."""

import pytest

from llmkit.agreement import krippendorff_alpha


def units_of(*observers: str) -> list[tuple[object, ...]]:
    """Rows as the paper prints them: one observer a line, a dot for a missing value."""
    rows = [[None if value == "." else int(value) for value in row.split()] for row in observers]
    return list(zip(*rows, strict=True))


FOUR_OBSERVERS = units_of(
    "1 2 3 3 2 1 4 1 2 . . .",
    "1 2 3 3 2 2 4 1 2 5 . 3",
    ". 3 3 3 2 3 4 2 2 5 1 .",
    "1 2 3 3 2 4 4 1 2 5 1 .",
)


def test_two_observers_with_yes_and_no():
    units = units_of("0 1 0 0 0 0 0 0 1 0", "1 1 1 0 0 1 0 0 0 0")
    assert krippendorff_alpha(units) == pytest.approx(0.095, abs=0.0005)


def test_two_observers_with_five_names():
    units = list(zip("aabbdcccedda", "babbbcccEddd".lower(), strict=True))
    assert krippendorff_alpha(units) == pytest.approx(0.692, abs=0.0005)


@pytest.mark.parametrize(("level", "alpha"), [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849)])
def test_four_observers_who_left_some_out(level, alpha):
    assert krippendorff_alpha(FOUR_OBSERVERS, level=level) == pytest.approx(alpha, abs=0.0005)


def test_the_order_of_observers_and_units_does_not_matter():
    shuffled = [tuple(reversed(unit)) for unit in reversed(FOUR_OBSERVERS)]
    assert krippendorff_alpha(shuffled) == pytest.approx(krippendorff_alpha(FOUR_OBSERVERS))


def test_perfect_agreement_is_one_and_swapped_answers_are_below_chance():
    assert krippendorff_alpha([("a", "a"), ("b", "b"), ("a", "a")]) == 1
    assert krippendorff_alpha([("a", "b"), ("b", "a"), ("a", "b")]) < 0


@pytest.mark.parametrize(
    "units",
    [
        [],
        [("a",), ("b", None), (None, None)],
        [("a", "a"), ("a", "a")],
        [("a", "a"), ("b",)],
    ],
    ids=["nothing", "no pair", "one value", "one value in pairs"],
)
def test_alpha_is_not_defined_without_pairs_of_different_values(units):
    assert krippendorff_alpha(units) is None
