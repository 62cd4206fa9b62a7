"""Counters of budgets begin with what the ledger knows, and are compared with it from time to time."""

import asyncio
import logging
from collections.abc import Iterable

from apps.limits.domain.leases import Lease
from apps.limits.domain.ledger import Ledger, LedgerAway, SpendQuestion
from apps.limits.domain.windows import bounds
from apps.limits.engine.holdings import RedisClock
from apps.limits.engine.store import AWAY, Store, keys_of
from llmkit.availability import Availability

log = logging.getLogger(__name__)

LEDGER_SECONDS = 2.0


class Budgets:
    def __init__(self, store: Store, clock: RedisClock, ledger: Ledger) -> None:
        self._store, self._clock, self._ledger = store, clock, ledger
        self._seeding: dict[str, asyncio.Task[None]] = {}
        self.availability = Availability(
            "The ledger", "budgets go on with what they know; unknown ones as without Redis."
        )

    async def seed(self, lease: Lease) -> None:
        """Give a counter its beginning; who comes meanwhile waits for the same answer. LedgerAway, or one of AWAY."""
        name = keys_of(lease).state
        if (task := self._seeding.get(name)) is None:
            task = self._seeding[name] = asyncio.get_running_loop().create_task(self._seed(lease))
            task.add_done_callback(lambda _: self._seeding.pop(name, None))
        await asyncio.shield(task)

    async def reconcile(self, leases: Iterable[Lease]) -> None:
        """Correct counters by what the ledger knows; while it's away, or Redis, they stay as they are."""
        for lease in leases:
            try:
                moved = await self._store.reconcile(lease, await self._spent(lease, lease.end_ms), lease.epoch)
            except (LedgerAway, *AWAY):
                return
            if moved and moved[0] != moved[1]:
                log.info("The budget '%s' stood at %d nano-dollars, by the ledger %d.", lease.rule.title, *moved)

    async def _seed(self, lease: Lease) -> None:
        window = bounds(lease.rule.window, self._clock.now_ms())
        spent = await self._spent(lease, window.end)
        await self._store.seed(lease, spent, window.start, window.end)

    async def _spent(self, lease: Lease, end_ms: int) -> int:
        rule = lease.rule
        question = SpendQuestion(
            organisation=rule.organisation,
            project=rule.project,
            key=rule.key,
            user=lease.user if rule.each_user else (rule.user or None),
            name=rule.name,
            since_ms=bounds(rule.window, max(0, end_ms - 1)).start,
        )
        try:
            async with asyncio.timeout(LEDGER_SECONDS):
                spent = await self._ledger(question)
        except (LedgerAway, TimeoutError) as error:
            self.availability.failed(error)
            raise LedgerAway from error
        self.availability.worked()
        return max(0, spent)
