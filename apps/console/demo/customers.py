"""Simulated customers: what they ask, in which session, and what they think of the answer."""

import itertools
import random
from collections.abc import Iterator
from dataclasses import dataclass

from apps.serving.domain import harbor_desk

# How many customers press a thumb at all after a right and after a wrong answer, and how many press the wrong one.
PRAISES, COMPLAINS, MISTAKES = 0.30, 0.65, 0.04
COMPLAINTS = (
    "That is not what I asked.",
    "Wrong department.",
    "This does not help me.",
    "Please read my message again.",
)


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


def visits(count: int, seed: int) -> Iterator[Visit]:
    """`count` messages by customers who each write one to four of them, from the held-back utterances."""
    chance = random.Random(seed)
    waiting = [(text, intent) for intent in harbor_desk.INTENTS for text in harbor_desk.utterances(intent, "test")]
    chance.shuffle(waiting)
    messages = itertools.cycle(waiting)
    sent = 0
    for number in itertools.count(1):
        user, session = f"customer-{number:04d}", f"visit-{seed}-{number:04d}"
        for _ in range(chance.randint(1, 4)):
            if sent == count:
                return
            text, intent = next(messages)
            yield Visit(text, intent, user, session, stream=chance.random() < 0.5)
            sent += 1


def thumb(visit: Visit, answered_intent: str, seed: int) -> Thumb | None:
    """What the customer presses, None for most: the same visit and answer always give the same thumb."""
    chance = random.Random(f"{seed} {visit.session} {visit.message}")
    right = answered_intent == visit.intent
    if chance.random() >= (PRAISES if right else COMPLAINS):
        return None
    good = right != (chance.random() < MISTAKES)
    comment = "" if good or chance.random() < 0.5 else chance.choice(COMPLAINTS)
    return Thumb("up" if good else "down", comment)
