"""A small generative grammar: templates of `(a|b)`, `[half of the time]` and `{name of another rule}`.

Text outside the marks stands for itself. Names refer to the rules of `grammar/lexicon.txt`.
"""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random
from typing import Final, TypeAlias

FOLDER: Final = Path(__file__).resolve().parent / "grammar"
_TOKEN: Final = re.compile(r"[()\[\]|]|\{\w+\}|[^()\[\]|{}]+")
_CLOSING: Final = {"(": ")", "[": "]"}


class TemplateError(ValueError):
    """A template has an unbalanced bracket or names a rule that does not exist."""


@dataclass(frozen=True)
class Reference:
    name: str


@dataclass(frozen=True)
class Choice:
    options: tuple["Sequence", ...]
    optional: bool = False


Sequence: TypeAlias = tuple[str | Reference | Choice, ...]


class _Parser:
    def __init__(self, template: str) -> None:
        self.template = template
        self.tokens = _TOKEN.findall(template)
        self.position = 0
        if "".join(self.tokens) != template:
            raise TemplateError(f"stray brace in {template!r}")

    def options(self, closing: str | None) -> tuple[Sequence, ...]:
        """Alternatives up to `closing`, or up to the end of the template where that is None."""
        options: list[Sequence] = []
        parts: list[str | Reference | Choice] = []
        while self.position < len(self.tokens):
            token = self.tokens[self.position]
            self.position += 1
            if token == closing:
                return (*options, tuple(parts))
            if token == "|":
                options.append(tuple(parts))
                parts = []
            else:
                parts.append(self._part(token))
        if closing is not None:
            raise TemplateError(f"missing {closing!r} in {self.template!r}")
        return (*options, tuple(parts))

    def _part(self, token: str) -> str | Reference | Choice:
        if token in _CLOSING:
            return Choice(self.options(_CLOSING[token]), optional=token == "[")
        if token in (")", "]"):
            raise TemplateError(f"unopened {token!r} in {self.template!r}")
        return Reference(token[1:-1]) if token.startswith("{") else token


def parse(template: str) -> Choice:
    return Choice(_Parser(template).options(None))


class Grammar:
    """Named rules, and the expansion of templates that refer to them."""

    def __init__(self, rules: dict[str, str]) -> None:
        self._rules = {name: parse(body) for name, body in rules.items()}
        self._templates: dict[str, Choice] = {}

    def expand(self, template: str, random: Random) -> str:
        """One random reading of `template`, with tidy spaces. Raises TemplateError for a malformed one."""
        if template not in self._templates:
            self._templates[template] = parse(template)
        return tidy("".join(self._words(self._templates[template], random)))

    def rule(self, name: str, random: Random) -> str:
        return self.expand("{" + name + "}", random)

    def _words(self, choice: Choice, random: Random) -> list[str]:
        if choice.optional and random.random() < 0.5:
            return []
        words: list[str] = []
        for part in random.choice(choice.options):
            if isinstance(part, str):
                words.append(part)
            elif isinstance(part, Choice):
                words.extend(self._words(part, random))
            elif part.name in self._rules:
                words.extend(self._words(self._rules[part.name], random))
            else:
                raise TemplateError(f"no rule named {part.name!r}")
        return words


def tidy(text: str) -> str:
    """Collapse spaces and pull punctuation to the word before it."""
    return re.sub(r"\s+([,.;:?!])", r"\1", re.sub(r"\s+", " ", text)).strip()


def read_lines(path: Path) -> list[str]:
    """The lines of a template file without blanks and # comments."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line.strip() and not line.startswith("# ")]


@cache
def lexicon() -> Grammar:
    rules = (line.split(" = ", 1) for line in read_lines(FOLDER / "lexicon.txt"))
    return Grammar({name.strip(): body for name, body in rules})
