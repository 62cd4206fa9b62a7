"""How people really type: greetings, side remarks, shorthand, odd capitals, missing punctuation and typing errors."""

import re
from random import Random
from typing import Final

from apps.serving.tiny.grammar import Grammar, tidy

_SHORTHAND: Final = {
    "you": "u",
    "please": "pls",
    "your": "ur",
    "are": "r",
    "for": "4",
    "to": "2",
    "because": "bc",
    "thanks": "thx",
    "tomorrow": "tmrw",
    "and": "&",
    "order": "ordr",
    "do not": "dont",
    "cannot": "cant",
    "can't": "cant",
    "don't": "dont",
    "what's": "whats",
    "I'm": "im",
    "would": "wud",
}
_SHORTHAND_WORD: Final = re.compile(r"\b(" + "|".join(map(re.escape, _SHORTHAND)) + r")\b")
_NEIGHBOURS: Final = {
    key: row[max(0, place - 1)] + row[min(len(row) - 1, place + 1)]
    for row in ("qwertyuiop", "asdfghjkl", "zxcvbnm")
    for place, key in enumerate(row)
}
_QUESTION: Final = re.compile(
    r"(where|when|what|which|who|why|how|is|are|was|has|have|did|do|does|can|could|would|will|may|any|got)\b",
    re.IGNORECASE,
)


def mistype(word: str, random: Random) -> str:
    """`word` with one letter dropped, doubled, swapped or hit on the neighbouring key; short words stay."""
    if len(word) < 4 or not word.isalpha():
        return word
    place = random.randrange(1, len(word) - 1)
    match random.randrange(4):
        case 0:
            return word[:place] + word[place + 1 :]
        case 1:
            return word[:place] + word[place] + word[place:]
        case 2:
            return word[:place] + word[place + 1] + word[place] + word[place + 2 :]
        case _:
            return word[:place] + random.choice(_NEIGHBOURS.get(word[place], word[place])) + word[place + 1 :]


def _end(text: str, random: Random) -> str:
    if text[-1] in ".?!" or random.random() < 0.3:
        return text
    if _QUESTION.match(text):
        return text + random.choices(("?", "??", "", "."), (85, 4, 8, 3))[0]
    return text + random.choices((".", "!", "!!", ""), (75, 10, 3, 12))[0]


def _surround(text: str, grammar: Grammar, random: Random) -> str:
    """The message inside the courtesies and side remarks of a real mail."""
    before = (
        [grammar.rule("greeting", random) + random.choice((",", ",", "!", " -", "."))] if random.random() < 0.2 else []
    )
    if random.random() < 0.1:
        before.append(grammar.rule("opener", random) + random.choice((":", ",", ".", ":")))
    if random.random() < 0.13:
        before.append(grammar.rule("story", random))
    after = [grammar.rule("story", random)] if random.random() < 0.07 else []
    if random.random() < 0.2:
        after.append(grammar.rule("closer", random) + random.choice(("", "", ".", "!")))
    return " ".join([*before, text, *after])


def roughen(message: str, grammar: Grammar, random: Random) -> str:
    """A message as one of many customers would have typed it."""
    text = message
    if random.random() < 0.75:
        text = text[0].upper() + text[1:]
    text = _surround(_end(text, random), grammar, random)
    style = random.random()
    if style < 0.28:
        text = text.lower()
    elif style < 0.30:
        text = text.upper()
    if random.random() < 0.12:
        text = _SHORTHAND_WORD.sub(lambda found: _SHORTHAND[found[0]] if random.random() < 0.6 else found[0], text)
    if random.random() < 0.08:
        text = re.sub(r"[,.?!']", "", text)
    errors = random.choices((0.0, 0.05, 0.12), (65, 25, 10))[0]
    words = (mistype(word, random) if random.random() < errors else word for word in text.split(" "))
    dropped = 0.03 if random.random() < 0.15 else 0.0
    return tidy(" ".join(word for word in words if random.random() >= dropped)) or message
