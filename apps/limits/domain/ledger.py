"""What limits ask of the ledger."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass


class LedgerAway(Exception):
    """The ledger can't be read at the moment."""


@dataclass(frozen=True, slots=True)
class SpendQuestion:
    """Which spending since `since_ms` (Unix ms; 0: ever). project, key, name (of a model or route): "" for all of them.

    user: None for all users, "" for requests that named none.
    """

    organisation: str
    project: str
    key: str
    user: str | None
    name: str
    since_ms: int


# Nano-dollars that the ledger knows as spent, without what is under way; LedgerAway while it can't say.
Ledger = Callable[[SpendQuestion], Awaitable[int]]
