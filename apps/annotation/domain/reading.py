"""What a value of Krippendorff's alpha means, in plain words."""

from dataclasses import dataclass

# The customary limits of Krippendorff, Content Analysis (4th edition, 2019), section 12.5.
RELIABLE, TENTATIVE = 0.8, 0.667


@dataclass(frozen=True)
class Reading:
    """tone: ok, warn, bad or neutral."""

    words: str
    tone: str


def read_alpha(alpha: float | None) -> Reading:
    if alpha is None:
        return Reading("Not known yet: it takes items that two people answered, and more than one value.", "neutral")
    if alpha >= RELIABLE:
        return Reading("Reliable: people mean the same.", "ok")
    if alpha >= TENTATIVE:
        return Reading("Fair: good enough for careful conclusions. Sharpen the instructions.", "warn")
    if alpha > 0:
        return Reading("Weak: people understand this differently. Talk it over before training on it.", "bad")
    return Reading("No better than chance: the question is not clear.", "bad")
