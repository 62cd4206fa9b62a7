"""The language of a short text, as far as it must not be mixed up with another one."""

import re
import unicodedata
from collections import Counter
from typing import Final

UNKNOWN: Final = "und"


def words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# The commonest small words, which hardly any sentence does without.
SMALL_WORDS: Final[dict[str, frozenset[str]]] = {
    "en": words("the of and to is in that it you for are with what how do does can this my i a an be at"),
    "de": words("der die das und ist nicht ein eine ich du sie wie was kann mit für auf den dem zu mein wo"),
    "fr": words("le la les des est une un je tu vous que qui dans pour pas comment quel quelle avec mon du et"),
    "es": words("el la los las es un una que de en como por para mi cuál qué cómo dónde con está y se lo"),
    "it": words("il lo gli è un una che di come per il mio quale dove con sono non della nel si ho e"),
    "pt": words("o os as é um uma que de como para meu qual onde com não está em do da eu você e"),
    "nl": words("de het een is en van ik je wat hoe kan met voor op niet mijn waar zijn dat te"),
    "pl": words("jest nie to w na jak co się do i mój gdzie czy z mogę dla po ile"),
}  # fmt: skip
_WORD: Final = re.compile(r"[^\W\d_]+")


def language_of(text: str) -> str:
    """A code of SMALL_WORDS, else the script such as "cyrillic" or "cjk"; "und" for Latin text that fits none."""
    spoken = _WORD.findall(text.casefold())
    script = _script(spoken)
    if script != "latin":
        return script
    found = Counter({code: sum(word in small for word in spoken) for code, small in SMALL_WORDS.items()})
    (best, most), (_, second) = found.most_common(2)
    return best if most > second else UNKNOWN


def _script(spoken: list[str]) -> str:
    """What most letters belong to, by the first word of their Unicode name."""
    letters = Counter(letter for word in spoken for letter in word)
    if not letters or all(letter.isascii() for letter in letters):
        return "latin" if letters else UNKNOWN
    scripts: Counter[str] = Counter()
    for letter, count in letters.items():
        scripts[unicodedata.name(letter, UNKNOWN).split(" ", 1)[0].lower()] += count
    return scripts.most_common(1)[0][0]
