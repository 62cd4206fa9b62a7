"""Messages that customers of Harbor Desk might write, beyond the utterances: the same wishes in ever other words.

Those about the four new intents come from templates that the demo model never read.
"""

from functools import cache
from pathlib import Path
from random import Random
from typing import Final

from apps.serving.domain import harbor_desk
from apps.serving.tiny.grammar import FOLDER, lexicon, read_lines
from apps.serving.tiny.noise import roughen

_PHRASES: Final = Path(__file__).resolve().parent.parent / "tiny" / "phrases"


def customer_message(intent: str, random: Random) -> str:
    """A message of somebody who wants this; never one of the held-back utterances."""
    message = ""
    while not message or message.lower() in _held_back(intent):
        message = roughen(lexicon().expand(random.choice(_templates(intent)), random), lexicon(), random)
    return message


@cache
def _templates(intent: str) -> list[str]:
    folder = _PHRASES if intent in harbor_desk.NEW_INTENTS else FOLDER
    return read_lines(folder / f"{intent}.txt")


@cache
def _held_back(intent: str) -> frozenset[str]:
    return frozenset(text.lower() for text in harbor_desk.utterances(intent, "test"))
