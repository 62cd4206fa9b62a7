"""How a case says what it saw."""

from typing import Any

SHOWN = 160


class Failed(Exception):
    """The gateway does something else than it should: what was seen, in words."""


class NotApplicable(Exception):
    """The case asks for something that this gateway doesn't offer, or that the lab was not told: which rule says so."""


def expect(holds: object, seen: str) -> None:
    if not holds:
        raise Failed(seen)


def equal(found: Any, wanted: Any, what: str) -> None:
    if found != wanted:
        raise Failed(f"{what} is {shortened(repr(found))} instead of {shortened(repr(wanted))}")


def shortened(text: str, length: int = SHOWN) -> str:
    return text if len(text) <= length else f"{text[:length]}… ({len(text)} characters)"
