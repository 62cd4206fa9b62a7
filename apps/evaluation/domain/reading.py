"""What the pages say about a report."""

from dataclasses import dataclass
from typing import Any

from apps.evaluation.domain.verdict import CONFIDENCE, Figures, explain
from llmkit.statistics import Interval, wilson_interval

WHOLE_ANSWER = "whole answer"
TONES = {"better": "ok", "worse": "bad", "no difference": "info", "not enough data": "warn"}
HEADLINES = {
    "better": "{candidate} is better than {incumbent}",
    "worse": "{candidate} is worse than {incumbent}",
    "no difference": "{candidate} and {incumbent} are equally good",
    "not enough data": "Not enough data to tell {candidate} from {incumbent}",
}


@dataclass(frozen=True)
class Comparison:
    """The comparison of a report in the words of a page."""

    field: str
    difference: float
    low: float
    high: float
    p_value: float
    verdict: str
    headline: str
    sentences: list[str]

    @property
    def tone(self) -> str:
        return TONES[self.verdict]


def comparison_of(report: dict[str, Any] | None, candidate: str, incumbent: str | None) -> Comparison | None:
    stored = report and report["comparison"]
    if not stored or incumbent is None:
        return None
    names = {"candidate": candidate, "incumbent": incumbent}
    low, high = stored["interval"]
    return Comparison(
        field=stored["field"] or WHOLE_ANSWER,
        difference=stored["difference"],
        low=low,
        high=high,
        p_value=stored["p_value"],
        verdict=stored["verdict"],
        headline=HEADLINES[stored["verdict"]].format(**names),
        sentences=explain(Figures.of_json(stored), **names),
    )


def accuracy(report: dict[str, Any] | None, model: str, field: str) -> float | None:
    """The share of right answers as the evaluation compares; None while there is no report."""
    figures = (report or {}).get("models", {}).get(model)
    if figures is None:
        return None
    share: float | None = figures["fields"].get(field) if field else figures["exact"]
    return share


def spread(share: float | None, rows: int) -> Interval | None:
    """Wilson interval of a share that stands in a report."""
    return None if share is None else wilson_interval(round(share * rows), rows, CONFIDENCE)


def percent(share: float | None) -> str:
    """`91.5 %`, and a dash where there is none."""
    return "–" if share is None else f"{share * 100:.1f} %"


def signed_points(difference: float) -> str:
    """`+4.2`, with a true minus and without a sign before zero."""
    size = round(difference * 100, 1)
    return f"{size:+.1f}".replace("-", "−") if size else "0.0"
