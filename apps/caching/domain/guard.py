"""What two questions have to agree in before the answer to one is given to the other, however near their vectors are.

Vectors place "Is A bigger than B?" beside "Is B bigger than A?" (GPTCache's issue 694 measured 0.83 to 0.9997 for such
pairs), and questions that differ in one number, one name or one "not" nearly on top of each other.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import Final, NamedTuple

from apps.caching.domain.guard_words import ENDS, NEGATIONS, NUMBER_WORDS, OPPOSITES, POLITE, QUESTIONS

_TOKEN: Final = re.compile(r"[\w.+-]+@[\w.-]+|\d+(?:[.,:/-]\d+)*%?|[^\W_]+(?:['’_-][^\W_]+)*|[<>=≤≥]+")
_QUOTED: Final = re.compile(r"[\"“”„«»`]([^\"“”„«»`\n]{1,200})[\"“”„«»`]|(?<!\w)'([^'\n]{1,200})'(?!\w)")
_SENTENCE_START: Final = re.compile(r"(?:^|[.!?:\n]\s*|[\"“„«`(]\s*)$")
_SUFFIX: Final = re.compile(r"(?<=\w{3})(?:ing|ed|es|s|'s|e)$")
_THOUSANDS: Final = re.compile(r"(?<=\d),(?=\d{3}(?:\D|$))")
_SIDES: Final = {
    word: (axis, side)
    for axis, sides in enumerate(OPPOSITES)
    for side, spellings in enumerate(sides)
    for word in spellings.split()
}
_FILLERS: Final = frozenset(("the", "a", "an", "my", "der", "die", "das", "le", "la", "el", "il", "o", "this", "that"))


class Signature(NamedTuple):
    """What must agree, in the order in which it was said; `negations` counts, since two of them may cancel."""

    numbers: tuple[str, ...]
    names: tuple[str, ...]
    quoted: tuple[str, ...]
    questions: tuple[str, ...]
    ends: tuple[str, ...]
    polarity: tuple[tuple[int, int], ...]
    negations: int


def disagreement(asked: str, known: str, *, word_by_word: bool) -> str:
    """The first thing in which two questions differ that decides the answer, as a word; "" if there is none.

    word_by_word: for vectors that know only spelling, what is talked about has to be said with the same words.
    """
    first, second = signature(asked), signature(known)
    for field, one, other in zip(Signature._fields, first, second, strict=True):
        if one != other and not (field == "names" and _same_names(asked, known, first, second)):
            return field
    return "words" if word_by_word and _topics(asked) != _topics(known) else ""


@lru_cache(maxsize=1024)  # of one question and a few candidates, and the next question may be alike
def signature(text: str) -> Signature:
    text = unicodedata.normalize("NFKC", text).strip()
    tokens = [(found[0], found.start()) for found in _TOKEN.finditer(text)]
    words = [token.casefold().replace("’", "'") for token, _ in tokens]
    return Signature(
        numbers=tuple(_numbers(words)),
        names=tuple(_names(text, tokens)),
        quoted=tuple((double or single).casefold() for double, single in _QUOTED.findall(text)),
        questions=tuple(word for word in words if word in QUESTIONS),
        ends=tuple(_ends(words)),
        polarity=tuple(sorted({_SIDES[word] for word in words if word in _SIDES})),
        negations=sum(_negates(word) for word in words),
    )


@lru_cache(maxsize=1024)
def _topics(text: str) -> frozenset[str]:
    """The words that say what a text is about, without their endings."""
    words = (token.casefold().replace("’", "'") for token in _TOKEN.findall(unicodedata.normalize("NFKC", text)))
    known = (word for word in words if word not in POLITE and word not in QUESTIONS and word not in NUMBER_WORDS)
    return frozenset(_SUFFIX.sub("", word) for word in known if not word[0].isdigit())


def _numbers(words: list[str]) -> Iterator[str]:
    """Numbers, dates, identifiers with a digit, comparison signs: one form for 1,000 and 1000, for 2 and two."""
    for word in words:
        if word in NUMBER_WORDS:
            yield NUMBER_WORDS[word]
        elif any(character.isdigit() for character in word) or word[0] in "<>=≤≥":
            yield _THOUSANDS.sub("", word).rstrip(".:-/,")


def _names(text: str, tokens: list[tuple[str, int]]) -> Iterator[str]:
    """Addresses, and words with a capital that isn't owed to the beginning of a sentence."""
    for token, start in tokens:
        inside = any(character.isupper() for character in token[1:])
        capital = token[0].isupper() and not _SENTENCE_START.search(text[max(0, start - 3) : start])
        if ("@" in token or inside or capital) and token != "I":
            yield token.casefold()


def _same_names(asked: str, known: str, first: Signature, second: Signature) -> bool:
    """One of the two may be typed without capitals: then its names have to stand there all the same, in order."""
    if first.names and second.names:
        return False
    names, plain = (first.names, known) if first.names else (second.names, asked)
    words = iter(token.casefold() for token in _TOKEN.findall(unicodedata.normalize("NFKC", plain)))
    return all(name in words for name in names)


def _ends(words: list[str]) -> Iterator[str]:
    """Pairs such as "from boston": what comes next but articles."""
    for place, word in enumerate(words):
        if word in ENDS:
            following = (each for each in words[place + 1 : place + 4] if each not in _FILLERS)
            yield f"{word} {next(following, '')}"


def _negates(word: str) -> bool:
    return word in NEGATIONS or word.endswith("n't")
