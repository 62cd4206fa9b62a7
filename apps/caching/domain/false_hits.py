"""What sampled hits say about a route's false-hit rate."""

from enum import StrEnum
from typing import Final, NamedTuple

from llmkit.statistics import Interval, wilson_interval

# Fewer say little: with a single false hit of one the interval already begins at 0.21.
FEWEST_SAMPLES: Final = 30


class Standing(StrEnum):
    UNKNOWN = "unknown"
    WITHIN = "within"
    ABOVE = "above"


class FalseHits(NamedTuple):
    """Of `samples` hits that were also answered freshly, `false` differed. budget: the share that may, 0 to 1."""

    false: int
    samples: int
    budget: float

    @property
    def rate(self) -> float | None:
        return self.false / self.samples if self.samples else None

    @property
    def interval(self) -> Interval:
        """Wilson's, 95 %."""
        return wilson_interval(self.false, self.samples)

    @property
    def standing(self) -> Standing:
        """Above once the whole interval lies above the budget, within once the whole of it lies below.

        The lower end decides about switching off, because that has to be evidence of harm: the upper end lies above
        any small budget until hundreds of samples are in (0 of 100 still reaches 3.7 %), so that every route would
        be switched off before it could show anything. The upper end decides about the claim of being within.
        """
        if self.samples >= FEWEST_SAMPLES and self.interval.low > self.budget:
            return Standing.ABOVE
        return Standing.WITHIN if self.interval.high <= self.budget else Standing.UNKNOWN
