"""The most that can pass beyond a limit, in words and figures."""

from collections.abc import Callable
from dataclasses import dataclass

from apps.limits.domain.rules import Away


@dataclass(frozen=True)
class Overshoot:
    """In the metric's unit. leased: outstanding in all processes, which is what is granted again if Redis loses its
    memory before it hears of them. local: what one process may let pass by itself while Redis is away.
    """

    leased: int
    local: int
    processes: int
    away: Away
    hard: bool

    @property
    def bounded(self) -> bool:
        return self.hard and self.away is not Away.OPEN

    @property
    def worst(self) -> int:
        """The bound through an outage of Redis after which it has forgotten everything."""
        return self.leased + self.local * self.processes


def in_words(overshoot: Overshoot, amount: Callable[[int], str]) -> list[str]:
    """One sentence for each case; `amount` writes figures with their unit."""
    if not overshoot.hard:
        return ["This limit is soft: it refuses nobody, so there is no bound."]
    return [_connected(overshoot, amount), _outage(overshoot, amount)]


def _connected(overshoot: Overshoot, amount: Callable[[int], str]) -> str:
    if not overshoot.leased:
        return "Nothing is leased at the moment, so nothing can pass beyond the limit."
    return (
        f"{amount(overshoot.leased)} is leased to gateway processes, and counted as used already. Should Redis lose "
        f"its memory, it could be granted once more: {amount(overshoot.leased)} too much at worst."
    )


def _outage(overshoot: Overshoot, amount: Callable[[int], str]) -> str:
    if overshoot.away is Away.OPEN:
        return "While Redis is away everything passes, without a bound; it is charged once Redis is back."
    if overshoot.away is Away.CLOSED:
        return "While Redis is away nothing passes."
    return (
        f"While Redis is away, each process uses up what it has leased, then lets {amount(overshoot.local)} pass by "
        f"itself. With {overshoot.processes} running: {amount(overshoot.worst)} too much at worst."
    )
