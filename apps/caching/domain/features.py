"""Words and pairs of words as numbers, for the classifier."""

import re
from itertools import pairwise
from zlib import crc32

BUCKETS = 16_384
# Of a long text, the beginning and the end say what is asked.
EDGE_CHARACTERS = 1_000
MOST_GRAMS = 600
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")
_DIGITS = re.compile(r"\d+")


def grams_of(text: str) -> list[str]:
    """Different words and neighbouring pairs in lower case, numbers as `#`, in the order in which they come."""
    if len(text) > 2 * EDGE_CHARACTERS:
        text = f"{text[:EDGE_CHARACTERS]} {text[-EDGE_CHARACTERS:]}"
    words = _WORD.findall(_DIGITS.sub("#", text.casefold()).replace("#", " 0 "))
    words = ["#" if word == "0" else word for word in words]
    pairs = [f"{first} {second}" for first, second in pairwise(words)]
    return list(dict.fromkeys([*words, *pairs]))[:MOST_GRAMS]


def place_of(gram: str) -> tuple[int, int]:
    """The bucket of a gram and the sign with which it counts there."""
    hashed = crc32(gram.encode("utf-8", "surrogatepass"))
    return hashed % BUCKETS, 1 if hashed & (1 << 31) else -1
