"""Limits in one gateway process: most requests are decided here, the others in one exchange with Redis."""

import asyncio
import logging
import secrets
from collections import defaultdict
from collections.abc import Sequence
from time import monotonic

from apps.limits.domain.admission import NOTHING_LIMITED, Admission, Part
from apps.limits.domain.leases import Lease
from apps.limits.domain.ledger import Ledger, LedgerAway
from apps.limits.domain.refusals import LimitReached
from apps.limits.domain.rules import Ask, Metric, Rule
from apps.limits.engine.budgets import Budgets
from apps.limits.engine.holdings import Holdings, RedisClock
from apps.limits.engine.lanes import Answer, Lane, Outcome, give_back
from apps.limits.engine.store import AWAY, Store, StoreSettings
from llmkit.availability import Availability

log = logging.getLogger(__name__)

# An exchange after a seed, and one more if the window ended meanwhile.
TRIES = 3
# What others hold comes back with their next tick.
CONTENDED_MS = 1000
SHORTEST_SLOT_MS, LONGEST_SLOT_MS = 100, 10_000
# Clients don't wait longer than this by themselves.
LONGEST_WAIT_MS = 60_000
PRESENCE_MS = 15_000


class Limiter:
    """Belongs to one event loop; call `tick` about once a second there.

    admission_s: after that long a request that nobody released is released.
    """

    def __init__(
        self, *, redis_url: str, ledger: Ledger, settings: StoreSettings | None = None, admission_s: float = 3600.0
    ) -> None:
        self.process = secrets.token_hex(6)
        self.clock = RedisClock()
        self._store = Store(redis_url, self.process, settings or StoreSettings())
        self._holdings = Holdings(self.clock)
        self._redis = Availability("Redis", "limits go by what was leased, then each as its setting says.")
        self._budgets = Budgets(self._store, self.clock, ledger)
        self._lanes: dict[str, Lane] = {}
        self._open: dict[Admission, None] = {}
        self._admission_s = admission_s
        self._ticked = monotonic()

    @property
    def away(self) -> bool:
        return self._redis.away

    @property
    def open_admissions(self) -> int:
        return len(self._open)

    def try_admit(self, rules: Sequence[Rule], ask: Ask) -> Admission | None:
        """Let a request in by what is leased already; None if Redis has to be asked, with `admit`."""
        parts: list[Part] = []
        leases, now = self._holdings.by_key, monotonic()
        for rule in rules:
            if (rule.name or rule.user) and not rule.concerns(ask):
                continue
            lease = leases.get((rule.counter, ask.user) if rule.each_user else rule.counter)
            if lease is None or now >= lease.until:
                return None
            if lease.rule is not rule:
                if lease.rule != rule:
                    return None
                lease.rule = rule  # the same, of a newer snapshot
            amount: int = ask[rule.metric]  # type: ignore[assignment]  # the metrics are the places of the amounts
            if lease.free < amount:
                return None
            parts.append((lease, amount))
        if not parts:
            return NOTHING_LIMITED
        for lease, amount in parts:
            lease.reserved += amount
            lease.free -= amount
            lease.asked += amount
        return Admission(parts, self._open, now)

    async def admit(self, rules: Sequence[Rule], ask: Ask) -> Admission:
        """Let a request in, after at most one exchange with Redis (and one more where a budget begins).

        LimitReached if any limit refuses; then nothing was taken from the others either.
        """
        if (admission := self.try_admit(rules, ask)) is not None:
            return admission
        for _ in range(TRIES):
            parts = self._parts(rules, ask)
            outcome = await self._ask(parts)
            if outcome.answer is Answer.GRANTED:
                return Admission(outcome.parts, self._open, monotonic())
            if outcome.answer is Answer.REFUSED and outcome.lease is not None:
                raise self._refusal(outcome.lease, dict(outcome.parts)[outcome.lease])
            if outcome.answer is Answer.AWAY or not await self._seeded(outcome.lease):
                break
        return self._alone(self._parts(rules, ask))

    async def tick(self) -> None:
        """What needs doing each second: give back, renew, adapt to the rate, look after Redis and the budgets."""
        now = monotonic()
        seconds, self._ticked = now - self._ticked, now
        self._expire(now)
        for lease in self._holdings:
            lease.beat(seconds)
        self._holdings.sweep()
        if await self._signed_in():
            await self._refresh(now + self._store.settings.lease_ms / 2000)
            await self._look_after_budgets()

    async def aclose(self) -> None:
        """Give everything back. Requests that are still under way keep what they took, until it expires."""
        for lease in self._holdings:
            lease.calm()
        try:
            if not self.away:
                await self._refresh(0.0)
                await self._store.sign_out()
        except AWAY as error:
            self._redis.failed(error)
        await self._store.aclose()

    def _parts(self, rules: Sequence[Rule], ask: Ask) -> list[Part]:
        return [
            (self._holdings.lease(rule, ask.user), ask[rule.metric])  # type: ignore[misc]  # as in try_admit
            for rule in rules
            if rule.concerns(ask)
        ]

    async def _ask(self, parts: list[Part]) -> Outcome:
        if self.away:
            return Outcome(Answer.AWAY, parts)
        future = self._lane(parts[0][0].rule.organisation).submit(parts)
        try:
            return await future
        except asyncio.CancelledError:
            if future.done() and not future.cancelled() and future.result().answer is Answer.GRANTED:
                give_back(future.result().parts)
            raise

    def _lane(self, organisation: str) -> Lane:
        lane = self._lanes.get(organisation)
        if lane is None:
            lane = self._lanes[organisation] = Lane(self._store, self._holdings, self._redis)
        return lane

    async def _seeded(self, lease: Lease | None) -> bool:
        try:
            if lease is not None:
                await self._budgets.seed(lease)
        except LedgerAway:
            return False
        except AWAY as error:
            self._redis.failed(error)
            return False
        return True

    def _alone(self, parts: list[Part]) -> Admission:
        """Without Redis, or the ledger: by what is leased, then as each limit's setting says."""
        for lease, amount in parts:
            if lease.rule.hard and not lease.may_go_on(amount):
                raise LimitReached(lease, now_ms=self.clock.now_ms(), retry_after_ms=CONTENDED_MS, unavailable=True)
        for lease, amount in parts:
            lease.take(amount)
        return Admission(parts, self._open, monotonic())

    def _refusal(self, lease: Lease, amount: int) -> LimitReached:
        now_ms = self.clock.now_ms()
        wait_ms = _wait_ms(lease, amount, now_ms)
        spent = lease.rule.is_budget and amount > lease.spare
        retryable = wait_ms is not None and wait_ms <= LONGEST_WAIT_MS and not spent
        return LimitReached(lease, now_ms=now_ms, retry_after_ms=wait_ms, retryable=retryable)

    def _expire(self, now: float) -> None:
        overdue = []
        for admission in self._open:
            if admission.began + self._admission_s > now:
                break
            overdue.append(admission)
        for admission in overdue:
            admission.expire()
        if overdue:
            log.error("%d requests were never released; what they reserved counts as used.", len(overdue))

    async def _signed_in(self) -> bool:
        try:
            await self._store.sign_in(self.clock.now_ms() + PRESENCE_MS)
        except AWAY as error:
            self._redis.failed(error)
            self._holdings.close_the_closed()
            return False
        self._redis.worked()
        return True

    async def _refresh(self, renew_before: float) -> None:
        by_organisation = defaultdict(list)
        for lease in self._holdings:
            if lease.is_news(renew_before):
                by_organisation[lease.rule.organisation].append(lease)
        for organisation, leases in by_organisation.items():
            await self._lane(organisation).refresh(leases)

    async def _look_after_budgets(self) -> None:
        """Begin those anew that Redis lost, and compare with the ledger what is due."""
        for lane in list(self._lanes.values()):
            lost, lane.unseeded = lane.unseeded, set()
            begun = [lease for lease in lost if await self._seeded(lease)]
            await lane.refresh(begun)
            due, lane.due = lane.due, set()
            await self._budgets.reconcile(due)


def _wait_ms(lease: Lease, amount: int, now_ms: int) -> int | None:
    """When it's worth trying again: what others hold may come back soon, or a window ends; None: never."""
    rule, rest = lease.rule, lease.end_ms - now_ms if lease.end_ms else None
    if amount > rule.value:
        return None
    if rule.metric is Metric.CONCURRENCY:
        expected = int(lease.slot_s * 1000 / rule.value)
        return min(LONGEST_SLOT_MS, max(SHORTEST_SLOT_MS, expected or CONTENDED_MS))
    if amount <= lease.spare:
        return CONTENDED_MS if rest is None else max(1, min(CONTENDED_MS, rest))
    return None if rest is None else max(1, rest)
