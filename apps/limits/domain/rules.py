"""What a limit says, as the gateway's hot path reads it, and what a request asks for."""

from enum import IntEnum, StrEnum
from typing import NamedTuple

import msgspec


class Metric(IntEnum):
    """What is counted. The numbers are the places of the amounts in an Ask."""

    REQUESTS = 0
    TOKENS = 1
    COST = 2
    CONCURRENCY = 3


class Window(StrEnum):
    """The time within which a metric is counted: fixed windows in UTC. Concurrency has none (TOTAL)."""

    MINUTE = "minute"
    DAY = "day"
    MONTH = "month"
    TOTAL = "total"


class Away(StrEnum):
    """What a limit does while Redis is away.

    OPEN: everything passes, and is charged once Redis is back. CLOSED: nothing passes. LEASE: what was leased is used
    up, then at most a local share of the limit in each process.
    """

    OPEN = "open"
    CLOSED = "closed"
    LEASE = "lease"


class Ask(NamedTuple):
    """What a request wants to take before it is known what it will use.

    tokens: an estimate; cost_nano: the worst case, in nano-dollars; user: the end user, "" if the caller names none.
    """

    requests: int = 1
    tokens: int = 0
    cost_nano: int = 0
    slots: int = 1
    user: str = ""
    model: str = ""
    route: str = ""


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """One limit for the requests of one key.

    counter: names what is counted together, all over the installation; with `each_user` every end user has one of
    their own, those without a name share one. project: "" for the whole organisation. key, user, name (of a model or
    route): "" for any. value: tokens, requests, slots or nano-dollars. share: the part of the limit that one process
    may let pass while Redis is away.
    """

    limit: str
    organisation: str
    counter: str
    title: str
    metric: Metric
    window: Window
    value: int
    project: str = ""
    key: str = ""
    user: str = ""
    name: str = ""
    each_user: bool = False
    hard: bool = True
    away: Away = Away.LEASE
    share: float = 0.01

    @property
    def narrow(self) -> bool:
        """Whether it concerns only some of the requests that it is held against."""
        return bool(self.name or self.user)

    @property
    def is_budget(self) -> bool:
        return self.metric == Metric.COST

    def concerns(self, ask: Ask) -> bool:
        named = not self.name or self.name in (ask.model, ask.route)
        return named and (not self.user or self.user == ask.user)

    def local_share(self) -> int:
        """What one process may let pass on its own while Redis is away, in the metric's unit; at least one."""
        return max(1, int(self.value * self.share)) if self.away is Away.LEASE and self.value else 0
