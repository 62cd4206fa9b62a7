"""What the demo model reads while it is trained, drawn without end from a seed.

Four kinds of documents: conversations at the Harbor Desk about its twelve known intents (from the templates, and
from the train half of the utterances with changed details), single questions at other, unrelated desks (which
teach it to spell many labels), and plain sentences about boats and their gear. The four new intents occur in none.
"""

import hashlib
import json
import re
import tomllib
from dataclasses import dataclass
from functools import cache
from random import Random
from typing import Final

from apps.serving.domain import harbor_desk
from apps.serving.tiny.grammar import FOLDER, lexicon, read_lines
from apps.serving.tiny.noise import roughen

Message = dict[str, str]
"""`{"role": "system" | "user" | "assistant", "content": text}`"""

_OTHER_PROMPTS: Final = (
    "You are a helpful assistant.",
    "You are the support desk of a boat shop. Reply in JSON.",
    "Classify the message of the customer and answer it.",
    "Harbor Desk customer support. Answer with JSON.",
)
_ITEM: Final = re.compile(
    r"\b(fenders?|bilge pump|chartplotter|winch(?: handle)?|anchor|compass|vhf radio|VHF radio|life ?jackets?"
    r"|antifouling|mooring lines?|rope|liferaft|batteries|boots|barometer|ladder|stove|outboard|varnish)\b"
)


@dataclass(frozen=True)
class Document:
    """Either the messages of a conversation or, where there are none, plain text."""

    messages: tuple[Message, ...] = ()
    text: str = ""


@dataclass(frozen=True)
class Mixture:
    """Shares of the kinds of documents; what is left over is templates of the Harbor Desk."""

    utterances: float = 0.25
    other_desks: float = 0.12
    plain: float = 0.06
    two_turns: float = 0.06


@cache
def templates(intent: str) -> list[str]:
    return read_lines(FOLDER / f"{intent}.txt")


@cache
def _chatter() -> list[str]:
    return read_lines(FOLDER / "chatter.txt")


@cache
def _other_desks() -> list[tuple[str, str, str, list[str]]]:
    """(system prompt, label, reply, templates) of every intent of every other desk."""
    desks = tomllib.loads((FOLDER / "other_desks.toml").read_text(encoding="utf-8"))["desk"]
    return [
        (desk["system"], label, intent["reply"], intent["says"])
        for desk in desks
        for label, intent in desk["intents"].items()
    ]


def _vary(utterance: str, random: Random) -> str:
    """An utterance with other digits and, half of the time, other goods."""
    text = re.sub(r"\d", lambda found: str(random.randrange(10)) if random.random() < 0.7 else found[0], utterance)
    if random.random() < 0.5:
        return _ITEM.sub(lambda found: lexicon().rule("items" if found[0].endswith("s") else "item", random), text)
    return text


def _plain(message: str) -> str:
    return re.sub(r"\W+", " ", message.lower()).strip()


@cache
def _held_back() -> frozenset[str]:
    return frozenset(_plain(text) for intent in harbor_desk.INTENTS for text in harbor_desk.utterances(intent, "test"))


def customer_message(intent: str, random: Random, mixture: Mixture) -> str:
    """What a customer with a known intent might write; never word for word a held-back utterance."""
    message = _draw_message(intent, random, mixture)
    return message if _plain(message) not in _held_back() else customer_message(intent, random, mixture)


def _draw_message(intent: str, random: Random, mixture: Mixture) -> str:
    if random.random() < mixture.utterances:
        message = _vary(random.choice(harbor_desk.utterances(intent, "train")), random)
        return message if random.random() < 0.4 else roughen(message, lexicon(), random)
    return roughen(lexicon().expand(random.choice(templates(intent)), random), lexicon(), random)


def _turn(random: Random, mixture: Mixture) -> tuple[Message, Message]:
    intent = random.choice(harbor_desk.KNOWN_INTENTS)
    return (
        {"role": "user", "content": customer_message(intent, random, mixture)},
        {"role": "assistant", "content": harbor_desk.expected_answer(intent)},
    )


def _harbor_conversation(random: Random, mixture: Mixture) -> Document:
    prompt = harbor_desk.SYSTEM_PROMPT
    style = random.random()
    if style < 0.08:
        prompt = random.choice(_OTHER_PROMPTS)
    system: tuple[Message, ...] = () if 0.08 <= style < 0.5 else ({"role": "system", "content": prompt},)
    turns: tuple[Message, ...] = _turn(random, mixture)
    if random.random() < mixture.two_turns:
        turns += _turn(random, mixture)
    return Document(messages=system + turns)


def _other_conversation(random: Random) -> Document:
    system, label, reply, says = random.choice(_other_desks())
    message = roughen(lexicon().expand(random.choice(says), random), lexicon(), random)
    answer = json.dumps({"intent": label, "reply": reply}, separators=(",", ":"))
    roles = (("system", system), ("user", message), ("assistant", answer))
    return Document(messages=tuple({"role": role, "content": content} for role, content in roles))


def document(random: Random, mixture: Mixture) -> Document:
    kind = random.random()
    if kind < mixture.plain:
        sentences = (lexicon().expand(random.choice(_chatter()), random) for _ in range(random.randint(1, 3)))
        return Document(text=" ".join(sentences))
    if kind < mixture.plain + mixture.other_desks:
        return _other_conversation(random)
    return _harbor_conversation(random, mixture)


def documents(seed: str, count: int, mixture: Mixture | None = None) -> list[Document]:
    """`count` documents; the same seed gives the same documents."""
    random = Random(seed)  # noqa: S311 - repeatable on purpose
    return [document(random, mixture or Mixture()) for _ in range(count)]


def data_hash() -> str:
    """SHA-256 over everything the training text depends on; the held-back half counts, for it is left out of it."""
    digest = hashlib.sha256()
    for path in sorted(FOLDER.iterdir()):
        digest.update(path.name.encode() + path.read_bytes())
    for intent in harbor_desk.KNOWN_INTENTS:
        for split in ("train", "test"):
            digest.update("\n".join([intent, split, *harbor_desk.utterances(intent, split)]).encode())
        digest.update(harbor_desk.expected_answer(intent).encode())
    digest.update(harbor_desk.SYSTEM_PROMPT.encode())
    return digest.hexdigest()
