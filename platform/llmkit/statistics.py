# ruff: noqa: A005  # always imported as llmkit.statistics
"""Statistics of comparisons, in plain Python: an installation without the training extra has no numpy.

Shares and differences of shares run from 0 to 1 and from -1 to 1, never in percent.
"""

import math
import random
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import accumulate
from statistics import NormalDist
from typing import NamedTuple

# Up to so many different values, counts are drawn instead of rows: paired right-or-wrong outcomes have three.
FEW_VALUES = 4
STANDARD_NORMAL = NormalDist()


class Interval(NamedTuple):
    low: float
    high: float


def mcnemar_exact(only_first: int, only_second: int) -> float:
    """Two-sided p-value that two paired shares are equal, from the pairs on which they differ.

    Given n = b + c discordant pairs, b is Binomial(n, 1/2) if neither is better, so that
    p = min(1, 2 * sum of C(n, i) for i = 0 ... min(b, c) / 2^n). Exact for every n; 1 when there is no such pair.

    McNemar, Psychometrika 12 (1947) 153; the exact form: Agresti, Categorical Data Analysis (2013), section 11.1.
    """
    if min(only_first, only_second) < 0:
        raise ValueError("Numbers of pairs can't be negative.")
    pairs = only_first + only_second
    term = total = 1
    for chosen in range(min(only_first, only_second)):
        term = term * (pairs - chosen) // (chosen + 1)
        total += term
    return min(1.0, 2 * total / (1 << pairs))


def wilson_interval(successes: int, trials: int, confidence: float = 0.95) -> Interval:
    """Score interval of a binomial share; (0, 1) without trials. Sensible for 0 % and 100 % and for few trials.

    (p + z²/2n ± z sqrt(p (1 - p)/n + z²/4n²)) / (1 + z²/n), p = successes/n.

    Wilson, JASA 22 (1927) 209; recommended by Newcombe, Statistics in Medicine 17 (1998) 857, method 3.
    """
    if not 0 <= successes <= trials:
        raise ValueError("There have to be between none and all of the trials successful.")
    if trials == 0:
        return Interval(0.0, 1.0)
    z = _two_sided(confidence)
    share = successes / trials
    middle = share + z * z / (2 * trials)
    reach = z * math.sqrt(share * (1 - share) / trials + z * z / (4 * trials * trials))
    scale = 1 + z * z / trials
    # At the ends the limit is the share itself; rounding must not leave it a hair inside.
    low = 0.0 if successes == 0 else max(0.0, (middle - reach) / scale)
    high = 1.0 if successes == trials else min(1.0, (middle + reach) / scale)
    return Interval(low, high)


def paired_bootstrap_interval(
    differences: Sequence[float], confidence: float = 0.95, resamples: int = 2_000, seed: int = 0
) -> Interval:
    """Interval of the mean of paired differences (one per row) by the BCa bootstrap; same seed, same interval.

    The percentiles of the resampled means are shifted for bias z0 (how many resampled means lie below the mean)
    and acceleration a = sum d³ / (6 (sum d²)^1.5), d = difference - mean, the jackknife's value for a mean:
    Phi(z0 + (z0 + z) / (1 - a (z0 + z))), z = ±1.96 for 95 %. Equal differences give an interval without width.

    Efron, JASA 82 (1987) 171; Efron and Tibshirani, An Introduction to the Bootstrap (1993), section 14.3.
    """
    z = _two_sided(confidence)
    if not differences:
        raise ValueError("There has to be at least one difference.")
    if resamples < 1:
        raise ValueError("There has to be at least one resample.")
    counts = Counter(differences)
    if len(counts) == 1:
        return Interval(float(differences[0]), float(differences[0]))
    rows = len(differences)
    mean = math.fsum(differences) / rows
    means = sorted(_resampled_means(differences, counts, resamples, random.Random(seed)))  # noqa: S311
    shift = _bias(means, mean)
    bend = _acceleration(counts, mean)
    low, high = (100 * _corrected(shift, bend, sign * z) for sign in (-1, 1))
    return Interval(_of_sorted(means, low), _of_sorted(means, high))


def percentile(values: Sequence[float], percent: float) -> float:
    """The value below which `percent` (0 to 100) of the values lie, between neighbours linearly.

    Definition 7 of Hyndman and Fan, The American Statistician 50 (1996) 361, as in R and numpy.
    """
    if not values:
        raise ValueError("There has to be at least one value.")
    if not 0 <= percent <= 100:
        raise ValueError("A percentile lies between 0 and 100.")
    return _of_sorted(sorted(values), percent)


def _of_sorted(values: Sequence[float], percent: float) -> float:
    place = (len(values) - 1) * percent / 100
    below = math.floor(place)
    lower, upper = values[below], values[min(below + 1, len(values) - 1)]
    return min(max(lower + (upper - lower) * (place - below), lower), upper)


def _two_sided(confidence: float) -> float:
    if not 0 < confidence < 1:
        raise ValueError("A confidence lies between 0 and 1, such as 0.95.")
    return STANDARD_NORMAL.inv_cdf(0.5 + confidence / 2)


def _bias(means: Sequence[float], mean: float) -> float:
    """z0; ties count half, since means of counts have many."""
    near = 1e-12 * max(1.0, abs(mean))
    below = (bisect_left(means, mean - near) + bisect_right(means, mean + near)) / 2 / len(means)
    return STANDARD_NORMAL.inv_cdf(min(max(below, 0.5 / len(means)), 1 - 0.5 / len(means)))


def _acceleration(counts: Counter[float], mean: float) -> float:
    squares = math.fsum(count * (value - mean) ** 2 for value, count in counts.items())
    cubes = math.fsum(count * (value - mean) ** 3 for value, count in counts.items())
    return cubes / (6 * squares**1.5) if squares else 0.0


def _corrected(shift: float, bend: float, z: float) -> float:
    """The share of resampled means that takes the place of Phi(z)."""
    moved = shift + z
    return STANDARD_NORMAL.cdf(shift + moved / max(1 - bend * moved, 1e-9))


def _resampled_means(
    differences: Sequence[float], counts: Counter[float], resamples: int, chance: random.Random
) -> list[float]:
    rows = len(differences)
    if len(counts) > FEW_VALUES:
        return [math.fsum(chance.choices(differences, k=rows)) / rows for _ in range(resamples)]
    draw = _multinomial(sorted(counts.items()), rows)
    return [draw(chance) / rows for _ in range(resamples)]


def _multinomial(counts: list[tuple[float, int]], rows: int) -> Callable[[random.Random], float]:
    """A function that draws `rows` values as often as they are in `counts`, and gives their sum.

    How often each value comes is binomial given how often those before it came. Each binomial is drawn by inverting
    its cumulative distribution, which is kept: the same few are asked for again and again.
    """
    tables: dict[tuple[int, int], tuple[int, list[float]]] = {}

    def draw(chance: random.Random) -> float:
        total, open_rows, weight = 0.0, rows, rows
        for place, (value, count) in enumerate(counts[:-1]):
            table = tables.get((place, open_rows))
            if table is None:
                table = tables[place, open_rows] = _cumulative_binomial(open_rows, count / weight)
            least, cumulative = table
            drawn = least + bisect_right(cumulative, chance.random() * cumulative[-1])
            total += value * drawn
            open_rows -= drawn
            weight -= count
        return total + counts[-1][0] * open_rows

    return draw


def _cumulative_binomial(trials: int, share: float) -> tuple[int, list[float]]:
    """Some k and P(X = k), P(X <= k + 1) - P(X < k), …; what is left out at both ends is below 1e-20."""
    mean, reach = trials * share, 12 * math.sqrt(trials * share * (1 - share)) + 12
    least, most = max(0, math.floor(mean - reach)), min(trials, math.ceil(mean + reach))
    yes, no = math.log(share), math.log1p(-share)
    whole = math.lgamma(trials + 1)
    logs = (
        whole - math.lgamma(k + 1) - math.lgamma(trials - k + 1) + k * yes + (trials - k) * no
        for k in range(least, most + 1)
    )
    return least, list(accumulate(math.exp(log) for log in logs))
