"""Regular expressions that can't stop the gateway: few ways to match at any one place, whatever the text."""

import re
import warnings
from re import _constants as sre  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

MOST_WAYS = 2_000
MOST_CHARACTERS = 300


class UnsafePattern(ValueError):
    """A pattern that is none, or that some text would keep busy for long; the message says what to change."""


def compile_safely(pattern: str) -> re.Pattern[str]:
    """The pattern, ignoring case. At each place of a text it can be tried in at most MOST_WAYS ways."""
    if len(pattern) > MOST_CHARACTERS:
        raise UnsafePattern(f"At most {MOST_CHARACTERS} characters.")
    try:
        with warnings.catch_warnings(action="error", category=FutureWarning):
            ways = _ways(parser.parse(pattern, re.IGNORECASE))
            compiled = re.compile(pattern, re.IGNORECASE)
    except (re.error, OverflowError, RecursionError, FutureWarning) as error:
        raise UnsafePattern(f"This is no regular expression: {error}.") from error
    if ways > MOST_WAYS:
        raise UnsafePattern("Some texts would keep this busy for long: use fewer or shorter repetitions.")
    if compiled.search("") is not None:
        raise UnsafePattern("This matches every text.")
    return compiled


def _ways(tree: Any) -> int:
    """An upper bound of the paths through a pattern."""
    ways = 1
    for operator, argument in tree:
        ways *= _ways_of(operator, argument)
        if ways > MOST_WAYS:
            return ways
    return ways


def _ways_of(operator: Any, argument: Any) -> int:
    if operator in (sre.MAX_REPEAT, sre.MIN_REPEAT):
        return _ways_of_repeat(*argument)
    if operator is sre.SUBPATTERN:
        return _ways(argument[3])
    if operator is sre.BRANCH:
        return _ways_of_branches(argument[1])
    if operator in (sre.LITERAL, sre.NOT_LITERAL, sre.IN, sre.ANY, sre.AT):
        return 1
    raise UnsafePattern("Only characters, classes, groups, alternatives, anchors and bounded repetitions are allowed.")


def _ways_of_branches(branches: Any) -> int:
    """Alternatives that begin with different letters exclude each other: only those of one letter add up."""
    by_letter: dict[str, int] = {}
    anywhere = 0
    for branch in branches:
        if branch and branch[0][0] is sre.LITERAL:
            letter = chr(branch[0][1]).casefold()
            by_letter[letter] = by_letter.get(letter, 0) + _ways(branch)
        else:
            anywhere += _ways(branch)
    return anywhere + max(by_letter.values(), default=0)


def _ways_of_repeat(least: int, most: int, item: Any) -> int:
    if most == sre.MAXREPEAT:
        raise UnsafePattern("Say how often at most: {0,20} instead of *, and {1,20} instead of +.")
    inner, ways = _ways(item), 0
    for count in range(least, most + 1):
        ways += min(inner**count, MOST_WAYS + 1) if count < 64 or inner == 1 else MOST_WAYS + 1
        if ways > MOST_WAYS:
            return ways
    return max(1, ways)
