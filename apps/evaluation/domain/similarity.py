"""How near a text is to another."""

from collections import Counter
from typing import Final

ORDERS: Final = range(1, 7)
# Recall counts twice as much as precision.
BETA_SQUARED: Final = 4


def chrf(text: str, expected: str) -> float:
    """chrF2, the character n-gram F-score, from 0 to 1; equal texts have 1, also empty ones.

    For n = 1 to 6, precision and recall are the shares of the n-grams (without white space) that the texts have in
    common; both are averaged over the n for which both texts are long enough, and F = 5PR / (4P + R).

    Popović, chrF: character n-gram F-score for automatic MT evaluation, WMT 2015; the same figures as sacrebleu's
    sentence-level chrF2 divided by 100, save that equal texts have 1.
    """
    if text == expected:
        return 1.0
    given, wanted = "".join(text.split()), "".join(expected.split())
    if given == wanted:
        return 1.0
    orders = [n for n in ORDERS if len(given) >= n and len(wanted) >= n]
    if not orders:
        return 0.0
    precision = recall = 0.0
    for n in orders:
        common = (_grams(given, n) & _grams(wanted, n)).total()
        precision += common / (len(given) - n + 1)
        recall += common / (len(wanted) - n + 1)
    if not precision + recall:
        return 0.0
    return (1 + BETA_SQUARED) * precision * recall / (BETA_SQUARED * precision + recall) / len(orders)


def _grams(text: str, n: int) -> Counter[str]:
    return Counter(text[start : start + n] for start in range(len(text) - n + 1))
