"""Rules that name requests whose answers are never kept."""

import re
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any

import msgspec

from apps.caching.domain.safe_regex import MOST_CHARACTERS, UnsafePattern, compile_safely

MOST_RULES = 200


class Reason(StrEnum):
    """Why the answer will not do for somebody else, or not for long."""

    PERSONAL = "personal"
    TIME = "time"


class RuleKind(StrEnum):
    KEYWORDS = "keywords"
    REGEX = "regex"


class Rule(msgspec.Struct, frozen=True):
    """`text` as people wrote it, and the pattern that it became."""

    kind: RuleKind
    text: str
    reason: Reason
    pattern: re.Pattern[str]

    def finds(self, text: str) -> bool:
        return self.pattern.search(text) is not None


def make_rule(kind: RuleKind, text: str, reason: Reason) -> Rule:
    """Keywords are words or phrases between commas, found as whole words. UnsafePattern for what can't be a rule."""
    pattern = _keywords(text) if kind == RuleKind.KEYWORDS else compile_safely(text)
    return Rule(kind, text, reason, pattern)


def read_rules(stored: Iterable[Mapping[str, Any]]) -> tuple[Rule, ...]:
    """From `{"kind", "text", "reason"}`, as they are stored."""
    return tuple(make_rule(RuleKind(row["kind"]), row["text"], Reason(row["reason"])) for row in stored)


def first_match(rules: Iterable[Rule], text: str) -> Rule | None:
    return next((rule for rule in rules if rule.finds(text)), None)


def _keywords(text: str) -> re.Pattern[str]:
    phrases = [phrase.split() for phrase in text.split(",") if phrase.strip()]
    if not phrases:
        raise UnsafePattern("Enter at least one word.")
    if len(text) > 10 * MOST_CHARACTERS:
        raise UnsafePattern(f"At most {10 * MOST_CHARACTERS} characters.")
    alternatives = "|".join(r"\s{1,3}".join(map(re.escape, words)) for words in phrases)
    return re.compile(rf"(?<!\w)(?:{alternatives})(?!\w)", re.IGNORECASE)
