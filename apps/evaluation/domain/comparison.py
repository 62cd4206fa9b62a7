"""A candidate beside an incumbent on the same rows."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from apps.evaluation.domain.verdict import CONFIDENCE, Figures, Verdict, decide
from llmkit.statistics import mcnemar_exact, paired_bootstrap_interval

RESAMPLES: Final = 2_000
# The same rows give the same interval, whenever they are counted.
SEED: Final = 20_251


@dataclass(frozen=True)
class Comparison:
    """Counts of rows by which model was right, and what follows. field "" stands for the whole answer.

    difference: accuracy of the candidate minus that of the incumbent.
    """

    field: str
    both: int
    only_candidate: int
    only_incumbent: int
    neither: int
    interval: tuple[float, float]
    p_value: float
    verdict: Verdict

    @property
    def rows(self) -> int:
        return self.both + self.only_candidate + self.only_incumbent + self.neither

    @property
    def difference(self) -> float:
        return (self.only_candidate - self.only_incumbent) / self.rows if self.rows else 0.0

    def as_json(self) -> dict[str, Any]:
        return {
            "field": self.field,
            "rows": self.rows,
            "both": self.both,
            "only_candidate": self.only_candidate,
            "only_incumbent": self.only_incumbent,
            "neither": self.neither,
            "difference": self.difference,
            "interval": list(self.interval),
            "confidence": CONFIDENCE,
            "p_value": self.p_value,
            "verdict": self.verdict.value,
        }


def compare(outcomes: Iterable[tuple[bool, bool]], field: str = "") -> Comparison:
    """From whether the candidate and the incumbent were right, row by row."""
    counts = Counter(outcomes)
    better, worse = counts[True, False], counts[False, True]
    p_value = mcnemar_exact(better, worse)
    interval = interval_of(better, worse, equal=counts[True, True] + counts[False, False])
    figures = Figures(
        rows=counts.total(), only_candidate=better, only_incumbent=worse, interval=interval, p_value=p_value
    )
    return Comparison(
        field=field,
        both=counts[True, True],
        only_candidate=better,
        only_incumbent=worse,
        neither=counts[False, False],
        interval=interval,
        p_value=p_value,
        verdict=decide(figures),
    )


def interval_of(better: int, worse: int, equal: int) -> tuple[float, float]:
    """Of the difference in accuracy; everything is possible without rows."""
    if not better + worse + equal:
        return -1.0, 1.0
    differences = [1] * better + [-1] * worse + [0] * equal
    low, high = paired_bootstrap_interval(differences, CONFIDENCE, RESAMPLES, SEED)
    return low, high
