"""How far people agree beyond chance: Krippendorff's alpha."""

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence
from itertools import combinations
from typing import Any, Literal

Level = Literal["nominal", "ordinal", "interval"]
Difference = Callable[[Any, Any], float]


def krippendorff_alpha(units: Iterable[Sequence[Hashable | None]], *, level: Level = "nominal") -> float | None:
    """Krippendorff's alpha: 1 is perfect agreement, 0 what chance gives, below 0 systematic disagreement.

    units: for each thing that was judged, the values that its observers gave, in any order; None is a missing
    value. A unit with fewer than two values says nothing about agreement and is left out. Values of the levels
    ordinal and interval have to be numbers.

    With m_u values in unit u, the coincidence of values c and k is o_ck = Σ_u (pairs c-k in u) / (m_u - 1), the
    margin n_c = Σ_k o_ck, and n = Σ_c n_c:

        alpha = 1 - (n - 1) · Σ_{c<k} o_ck δ²_ck / Σ_{c<k} n_c n_k δ²_ck

    δ² is 1 for any two different values (nominal), (c - k)² (interval), or (Σ_{g=c..k} n_g - (n_c + n_k) / 2)²
    (ordinal). o_ck above counts a pair in one direction.

    None where it isn't defined: fewer than two values that can be paired, or the same value everywhere, which
    leaves nothing to disagree about.

    Source: K. Krippendorff, Computing Krippendorff's Alpha-Reliability (2011), section E.
    """
    coincidences, margins = _coincidences(units)
    total = sum(margins.values())
    if total < 2 or len(margins) < 2:
        return None
    difference = _difference(level, margins)
    pairs = list(combinations(sorted(margins) if level != "nominal" else margins, 2))  # type: ignore[type-var]
    observed = sum(coincidences[frozenset(pair)] * difference(*pair) for pair in pairs)
    expected = sum(margins[c] * margins[k] * difference(c, k) for c, k in pairs)
    return 1 - (total - 1) * observed / expected


def _coincidences(
    units: Iterable[Sequence[Hashable | None]],
) -> tuple[Counter[frozenset[Hashable]], Counter[Hashable]]:
    """o_ck of different values, by the set of the two, and the margins n_c."""
    coincidences: Counter[frozenset[Hashable]] = Counter()
    margins: Counter[Hashable] = Counter()
    for unit in units:
        values = Counter(value for value in unit if value is not None)
        if (size := values.total()) < 2:
            continue
        margins.update(values)
        for c, k in combinations(values, 2):
            coincidences[frozenset((c, k))] += values[c] * values[k] / (size - 1)  # type: ignore[assignment]
    return coincidences, margins


def _difference(level: Level, margins: Counter[Hashable]) -> Difference:
    """δ²; for two values in ascending order where the level has an order."""
    if level == "nominal":
        return lambda c, k: 1.0
    if level == "interval":
        return lambda c, k: float(c - k) ** 2
    places: dict[Any, float] = {}
    below = 0.0
    for value in sorted(margins):  # type: ignore[type-var]
        places[value] = below + margins[value] / 2
        below += margins[value]
    # The sum of the margins from c to k, half of each end left out, is the distance of their mid-ranks.
    return lambda c, k: (places[k] - places[c]) ** 2
