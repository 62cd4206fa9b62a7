"""Exchanges of one organisation with Redis: one at a time, each taking along all that came up during the one before."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Sequence
from enum import Enum, auto
from time import monotonic
from typing import NamedTuple

from apps.limits.domain.admission import Part
from apps.limits.domain.leases import Known, Lease, Told
from apps.limits.engine.holdings import Holdings
from apps.limits.engine.store import AWAY, Exchange, Store
from llmkit.availability import Availability

# Leases of one exchange that no request needs.
REFRESHED_AT_ONCE = 64


class Answer(Enum):
    GRANTED = auto()
    REFUSED = auto()
    UNSEEDED = auto()
    AWAY = auto()


class Outcome(NamedTuple):
    """parts: what was taken if it was granted. lease: which one refused, or has to be seeded first."""

    answer: Answer
    parts: list[Part]
    lease: Lease | None = None


class Request(NamedTuple):
    """parts: what to take. news: leases that Redis should only hear of."""

    parts: list[Part]
    outcome: "asyncio.Future[Outcome]"
    news: list[Lease]


class Lane:
    """due: leases that this process is to reconcile with the ledger; unseeded: whose counters Redis doesn't have."""

    def __init__(self, store: Store, holdings: Holdings, redis: Availability) -> None:
        self._store, self._holdings, self._redis = store, holdings, redis
        self._waiting: list[Request] = []
        self._working: asyncio.Task[None] | None = None
        self.due: set[Lease] = set()
        self.unseeded: set[Lease] = set()

    def submit(self, parts: list[Part]) -> "asyncio.Future[Outcome]":
        """Whoever stops waiting gives back by that what was taken for them."""
        return self._add(parts, [])

    async def refresh(self, leases: Sequence[Lease]) -> None:
        """Tell Redis of these leases, and return what isn't needed."""
        for at in range(0, len(leases), REFRESHED_AT_ONCE):
            await self._add([], list(leases[at : at + REFRESHED_AT_ONCE]))

    def _add(self, parts: list[Part], news: list[Lease]) -> "asyncio.Future[Outcome]":
        loop = asyncio.get_running_loop()
        request = Request(parts, loop.create_future(), news)
        self._waiting.append(request)
        if self._working is None or self._working.done():
            self._working = loop.create_task(self._work())
        return request.outcome

    async def _work(self) -> None:
        while self._waiting:
            requests, self._waiting = self._waiting, []
            try:
                await self._exchange(requests)
            except Exception as error:
                for request in requests:
                    if not request.outcome.done():
                        request.outcome.set_exception(error)

    async def _exchange(self, requests: list[Request]) -> None:
        if self._redis.away:
            return self._say_away(requests)
        requests = [self._current(request) for request in requests]
        leases = _all_leases(requests)
        asked = _sums(requests)
        told, sent = [lease.tell(asked[lease]) for lease in leases], monotonic()
        try:
            found = await self._ask(leases, told, requests)
        except AWAY as error:
            for lease in leases:
                lease.forget()
            self._redis.failed(error)
            self._holdings.close_the_closed()
            return self._say_away(requests)
        except BaseException:
            for lease in leases:
                lease.forget()
            raise
        self._note(leases, told, requests, found, sent)
        return None

    def _current(self, request: Request) -> Request:
        """A window may have ended since: only one lease of a counter may speak for this process."""
        current = self._holdings.current
        parts = [(current(lease), amount) for lease, amount in request.parts]
        return Request(parts, request.outcome, [current(lease) for lease in request.news])

    async def _ask(self, leases: list[Lease], told: list[Told], requests: list[Request]) -> Exchange:
        """Once more if this process was wrong about the time, which the first answer corrects."""
        places = {lease: place for place, lease in enumerate(leases, 1)}
        wanted = [
            [number for lease, amount in request.parts for number in (places[lease], amount)] for request in requests
        ]
        clock = self._holdings.clock
        found = await self._store.exchange(leases, told, wanted, clock.now_ms())
        clock.learn(found.now_ms)
        if not found.known:
            found = await self._store.exchange(leases, told, wanted, found.now_ms)
        if not found.known:
            raise TimeoutError("Redis' clock jumps")
        return found

    def _note(
        self, leases: list[Lease], told: list[Told], requests: list[Request], found: Exchange, sent: float
    ) -> None:
        verdicts = found.verdicts
        granted = _sums(request for request, verdict in zip(requests, verdicts, strict=True) if verdict == 0)
        current = {
            lease: self._learned(lease, words, known, granted[lease], sent, found.now_ms)
            for lease, words, known in zip(leases, told, found.known, strict=True)
        }
        for request, verdict in zip(requests, verdicts, strict=True):
            parts = [(current[lease], amount) for lease, amount in request.parts]
            blamed = current[leases[abs(verdict) - 1]] if verdict else None
            _resolve(request, Outcome(_answer(verdict), parts, blamed))

    def _learned(self, lease: Lease, told: Told, known: Known, granted: int, sent: float, now_ms: int) -> Lease:
        """The lease that holds now: another one if a window has ended."""
        if not known.epoch:
            lease.forget()
            self.unseeded.add(lease)
            return lease
        if known.end_ms != lease.end_ms:
            lease, told = self._rolled(lease, known.end_ms)
        until = sent + self._store.settings.lease_ms / 1000
        if known.end_ms:
            until = min(until, sent + (known.end_ms - now_ms) / 1000)
        lease.learn(told, known, granted, until)
        if known.due:
            self.due.add(lease)
        return lease

    def _rolled(self, lease: Lease, end_ms: int) -> tuple[Lease, Told]:
        """Redis is in another window, in which it took nothing from what it was told."""
        lease.forget()
        new = self._holdings.roll(lease, end_ms)
        return new, Told(0, 0, 0)

    def _say_away(self, requests: list[Request]) -> None:
        for request in requests:
            _resolve(request, Outcome(Answer.AWAY, request.parts))


def _answer(verdict: int) -> Answer:
    if verdict == 0:
        return Answer.GRANTED
    return Answer.REFUSED if verdict > 0 else Answer.UNSEEDED


def _all_leases(requests: list[Request]) -> list[Lease]:
    return list(
        dict.fromkeys(lease for request in requests for lease in (*(part[0] for part in request.parts), *request.news))
    )


def _sums(requests: Iterable[Request]) -> dict[Lease, int]:
    sums: dict[Lease, int] = defaultdict(int)
    for request in requests:
        for lease, amount in request.parts:
            sums[lease] += amount
            lease.typical = amount
    return sums


def _resolve(request: Request, outcome: Outcome) -> None:
    if not request.outcome.done():
        request.outcome.set_result(outcome)
    elif outcome.answer is Answer.GRANTED:
        give_back(outcome.parts)


def give_back(parts: list[Part]) -> None:
    for lease, amount in parts:
        lease.settle(amount, 0)
