"""What a wheel waits for."""

from dataclasses import dataclass
from enum import StrEnum


class Act(StrEnum):
    WATCH = "watch"
    PROMOTE = "promote"
    MEND = "mend"
    DECIDE = "decide"
    ANNOTATE = "annotate"
    START = "start"
    WAIT = "wait"


@dataclass(frozen=True)
class Waiting:
    """Numbers of items: to annotate, disputed, and accepted since the last version. turn: state of the newest one."""

    to_annotate: int
    disputed: int
    accepted: int
    turn: str = ""


def next_step(waiting: Waiting) -> Act:
    """What moves the wheel on. A turn comes before the queue: until it is settled, no other one begins.

    Answers keep coming to the queue, so a turn is due once as many are accepted as are open.
    """
    if waiting.turn in {"training", "evaluating"}:
        return Act.WATCH
    if waiting.turn == "passed":
        return Act.PROMOTE
    if waiting.turn == "failed":
        return Act.MEND
    if waiting.disputed:
        return Act.DECIDE
    if waiting.accepted and waiting.accepted >= waiting.to_annotate:
        return Act.START
    return Act.ANNOTATE if waiting.to_annotate else Act.WAIT
