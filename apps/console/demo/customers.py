"""Simulated customers: what they ask, in which session, and what they think of the answer."""

import itertools
import random
from collections.abc import Iterator
from dataclasses import dataclass

from apps.serving.domain import harbor_desk
from apps.serving.domain.harbor_customers import customer_message

COMPLAINTS = (
    "That is not what I asked.",
    "Wrong department.",
    "This does not help me.",
    "Please read my message again.",
)


@dataclass(frozen=True)
class Opinions:
    """Shares of customers: who press a thumb after a right and after a wrong answer, and who press the wrong one."""

    praises: float = 0.30
    complains: float = 0.65
    mistakes: float = 0.04


USUAL = Opinions()


@dataclass(frozen=True)
class Visit:
    """One message of a customer; intent is what they really want."""

    message: str
    intent: str
    user: str
    session: str
    stream: bool


@dataclass(frozen=True)
class Thumb:
    label: str
    comment: str


def visits(count: int, seed: int, split: harbor_desk.Split = "test", *, varied: bool = False) -> Iterator[Visit]:
    """`count` messages by customers who each write one to four of them, from one half of the utterances.

    varied: once that half is used up, the same wishes come in other words, and not the same words again.
    """
    chance = random.Random(seed)
    waiting = [(text, intent) for intent in harbor_desk.INTENTS for text in harbor_desk.utterances(intent, split)]
    chance.shuffle(waiting)
    messages = _ever_new(waiting, chance) if varied else itertools.cycle(waiting)
    sent = 0
    for number in itertools.count(1):
        user, session = f"customer-{number:04d}", f"visit-{seed}-{number:04d}"
        for _ in range(chance.randint(1, 4)):
            if sent == count:
                return
            text, intent = next(messages)
            yield Visit(text, intent, user, session, stream=chance.random() < 0.5)
            sent += 1


def _ever_new(waiting: list[tuple[str, str]], chance: random.Random) -> Iterator[tuple[str, str]]:
    yield from waiting
    for _, intent in itertools.cycle(waiting):
        yield customer_message(intent, chance), intent


def thumb(visit: Visit, answered_intent: str, seed: int, opinions: Opinions = USUAL) -> Thumb | None:
    """What the customer presses, None for most: the same visit and answer always give the same thumb."""
    chance = random.Random(f"{seed} {visit.session} {visit.message}")
    right = answered_intent == visit.intent
    if chance.random() >= (opinions.praises if right else opinions.complains):
        return None
    good = right != (chance.random() < opinions.mistakes)
    comment = "" if good or chance.random() < 0.5 else chance.choice(COMPLAINTS)
    return Thumb("up" if good else "down", comment)
