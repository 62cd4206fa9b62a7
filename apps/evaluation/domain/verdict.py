"""What a comparison allows to say, and how it is said.

Better or worse: at least 30 rows, McNemar's exact test below 5 %, and an interval of the difference that leaves out
zero. No difference: at least 30 rows, and whatever difference there is, it is below five points: the interval lies
within them and rests on at least six rows that differ, or rows that differ are themselves surely fewer than five in a
hundred (upper end of their Wilson interval). All else is not enough data: absence of evidence is not evidence of
absence.

Why these numbers. Below 30 rows one answer moves the accuracy by more than three points, and bootstrap intervals are
too narrow. With five rows that differ or fewer, the exact test can't fall below 5 % whatever they say (2 / 2^5 =
0.06), and with none at all the bootstrap claims an interval without width.
"""

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from llmkit.statistics import wilson_interval

CONFIDENCE: Final = 0.95
LEAST_ROWS: Final = 30
LEAST_DIFFERING: Final = 6
# Differences below five points count as none.
MARGIN: Final = 0.05
# Normal quantiles of the planning formula: two-sided 5 %, and a chance of 80 % to see the difference.
Z_ERROR, Z_POWER = 1.959964, 0.841621


class Verdict(StrEnum):
    BETTER = "better"
    WORSE = "worse"
    NO_DIFFERENCE = "no difference"
    NOT_ENOUGH = "not enough data"


@dataclass(frozen=True)
class Figures:
    """Rows in all, those that only one of the two got right, interval and p-value of the difference."""

    rows: int
    only_candidate: int
    only_incumbent: int
    interval: tuple[float, float]
    p_value: float

    @property
    def differing(self) -> int:
        return self.only_candidate + self.only_incumbent

    @classmethod
    def of_json(cls, stored: dict[str, Any]) -> "Figures":
        """From the comparison of a report."""
        low, high = stored["interval"]
        return cls(stored["rows"], stored["only_candidate"], stored["only_incumbent"], (low, high), stored["p_value"])


def decide(figures: Figures) -> Verdict:
    """The rule at the head of this module."""
    low, high = figures.interval
    if figures.rows < LEAST_ROWS:
        return Verdict.NOT_ENOUGH
    if figures.p_value < 1 - CONFIDENCE and low > 0:
        return Verdict.BETTER
    if figures.p_value < 1 - CONFIDENCE and high < 0:
        return Verdict.WORSE
    within = figures.differing >= LEAST_DIFFERING and low >= -MARGIN and high <= MARGIN
    rare = wilson_interval(figures.differing, figures.rows, CONFIDENCE).high <= MARGIN
    return Verdict.NO_DIFFERENCE if within or rare else Verdict.NOT_ENOUGH


def rows_needed(figures: Figures, difference: float = MARGIN) -> int:
    """About how many rows show a difference of so much, if as many rows differ as here.

    n = (1.96 sqrt(d) + 0.84 sqrt(d - difference²))² / difference², d the share of rows that differ: Connor,
    Biometrics 43 (1987) 207. Where none differ, d is taken from one more row that does.
    """
    share = max((figures.differing or 1) / max(figures.rows, 1), difference)
    root = Z_ERROR * math.sqrt(share) + Z_POWER * math.sqrt(share - difference * difference)
    return max(LEAST_ROWS, math.ceil((root / difference) ** 2))


def explain(figures: Figures, *, candidate: str, incumbent: str) -> list[str]:
    """The verdict in plain sentences, with the numbers it rests on."""
    low, high = figures.interval
    differ = (
        f"Of {count(figures.rows, 'row')}, {candidate} alone was right on {figures.only_candidate:,} "
        f"and {incumbent} alone on {figures.only_incumbent:,}."
    )
    spread = f"The true difference lies between {between(low, high)} with 95 % confidence."
    chance = f"If both were equally good, so uneven a split would come up {likelihood(figures.p_value)}."
    verdict = decide(figures)
    if verdict in {Verdict.BETTER, Verdict.WORSE}:
        return [differ, spread, chance]
    if verdict is Verdict.NO_DIFFERENCE:
        return [differ, f"A difference of {MARGIN * 100:.0f} points or more can be ruled out.", spread]
    if figures.rows < LEAST_ROWS:
        return [differ, f"Fewer than {LEAST_ROWS} rows can't carry a verdict: one answer would move it too far."]
    rather = (
        f"That neither shows a difference nor rules out one of {MARGIN * 100:.0f} points. "
        f"About {rounded(rows_needed(figures)):,} rows would show it four times out of five."
    )
    return [differ, spread, rather] if figures.differing >= LEAST_DIFFERING else [differ, rather]


def count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def points(share: float) -> str:
    """A difference of shares as people say it: `4.2 points worse`."""
    size = round(abs(share) * 100, 1)
    return f"{size:.1f} points {'better' if share > 0 else 'worse'}" if size else "no difference"


def between(low: float, high: float) -> str:
    """`2.0 and 7.5 points better`, or both ends in full where they point different ways."""
    one, other = round(low * 100, 1), round(high * 100, 1)
    if one * other <= 0:
        return f"{points(low)} and {points(high)}"
    return (
        f"{min(abs(one), abs(other)):.1f} and {max(abs(one), abs(other)):.1f} points {'better' if one > 0 else 'worse'}"
    )


def likelihood(p_value: float) -> str:
    if p_value < 0.001:
        return "less than once in a thousand times"
    return f"in {p_value * 100:.1f} % of such evaluations"


def rounded(number: int) -> int:
    """To two digits, upwards: the figure is an estimate and should look like one."""
    step: int = 10 ** max(0, len(str(number)) - 2)
    return math.ceil(number / step) * step
