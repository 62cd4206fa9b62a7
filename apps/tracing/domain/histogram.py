"""Durations counted in fixed logarithmic buckets: small, mergeable, quantiles with a known error.

The buckets are those of DDSketch (Masson, Rim, Lee: "DDSketch", VLDB 2019) with relative accuracy 5 %: bucket i
holds the durations in (g^(i-1), g^i] microseconds above the floor, with g = 1.05 / 0.95. A quantile is at most 5 %
from the exact value of the same rank for durations between FLOOR_US and CEILING_US; what is shorter or longer is
counted in the first or the last bucket.
"""

import math
from collections import Counter
from collections.abc import Iterable, Sequence

ACCURACY = 0.05
GROWTH = (1 + ACCURACY) / (1 - ACCURACY)
FLOOR_US = 100
CEILING_US = 6 * 3600 * 1_000_000
_LOG_GROWTH = math.log(GROWTH)
LAST_BUCKET = math.ceil(math.log(CEILING_US / FLOOR_US) / _LOG_GROWTH)

# As stored: bucket, count, bucket, count, … by rising bucket; buckets that nothing fell into are left out.
Counts = list[int]


def bucket_of(duration_us: int) -> int:
    """The bucket of a duration, from 0 (FLOOR_US and less) to LAST_BUCKET."""
    if duration_us <= FLOOR_US:
        return 0
    return min(math.ceil(math.log(duration_us / FLOOR_US) / _LOG_GROWTH), LAST_BUCKET)


def value_of(bucket: int) -> float:
    """The duration in microseconds that stands for all of a bucket: at most 5 % from each of them."""
    if bucket == 0:
        return float(FLOOR_US)
    return FLOOR_US * 2 * GROWTH**bucket / (GROWTH + 1)


def count(durations_us: Iterable[int]) -> Counts:
    """The histogram of some durations."""
    return _flat(Counter(map(bucket_of, durations_us)))


def merge(histograms: Iterable[Sequence[int]]) -> Counts:
    """The histogram of all durations together; order and grouping make no difference."""
    total: Counter[int] = Counter()
    for flat in histograms:
        for bucket, number in zip(flat[::2], flat[1::2], strict=True):
            total[bucket] += number
    return _flat(total)


def size(counts: Sequence[int]) -> int:
    """How many durations were counted."""
    return sum(counts[1::2])


def quantile(counts: Sequence[int], q: float) -> float | None:
    """The lower q-quantile in microseconds: the value of rank floor(q (n - 1)), counted from 0; None without any."""
    total = size(counts)
    if total == 0:
        return None
    rank = math.floor(q * (total - 1))
    seen = 0
    for bucket, number in zip(counts[::2], counts[1::2], strict=True):
        seen += number
        if seen > rank:
            return value_of(bucket)
    return value_of(counts[-2])


def _flat(counter: Counter[int]) -> Counts:
    return [part for bucket in sorted(counter) for part in (bucket, counter[bucket])]
