"""When the answers of several people settle an item."""

from collections.abc import Sequence
from enum import Enum

from apps.annotation.domain.answers import Answer, canonical


class Outcome(Enum):
    WAITING = "waiting"
    AGREED = "agreed"
    DISPUTED = "disputed"


def outcome_of(answers: Sequence[Answer], wanted: int) -> Outcome:
    """Agreed once `wanted` people gave the same answer; disputed once as many answered and differ."""
    if len(answers) < wanted:
        return Outcome.WAITING
    return Outcome.AGREED if len({canonical(answer) for answer in answers}) == 1 else Outcome.DISPUTED
