"""Trying targets until one answers."""

import asyncio
import time
from collections.abc import Sequence
from typing import Generic

from apps.gateway.domain import retrying
from apps.gateway.domain.choosing import FIRST, Choice, choose
from apps.gateway.domain.hedging import hedge_delay
from apps.gateway.domain.policy import Hedge
from apps.gateway.proxy.attempts.attempt import Attempt
from apps.gateway.proxy.attempts.hedge import first_of
from apps.gateway.proxy.attempts.running import Answer, Open, Runner
from apps.gateway.proxy.attempts.targets import Targets
from apps.gateway.proxy.exchange import Exchange
from apps.gateway.proxy.facts import facts_of
from apps.gateway.proxy.provider_errors import ProviderFailure, total_timeout
from apps.gateway.proxy.refusals import Refusal
from apps.gateway.proxy.resolve import Plan, attempt_at

# The clients of OpenAI and of Anthropic heed this header before the status.
NO_MORE = (b"x-should-retry", b"false")


class Loop(Generic[Answer]):
    """The attempts of one request: `run` once, and `leave` when its answer is through."""

    def __init__(self, targets: Targets, exchange: Exchange, plan: Plan, open_: Open[Answer]) -> None:
        self._targets, self._exchange, self._plan = targets, exchange, plan
        self._runner: Runner[Answer] = Runner(targets, plan.policy, open_)
        self._budget = targets.retries[plan.pace]
        self._left = retrying.attempts_left(plan.policy.retries, exchange.caller.retry_count)

    def leave(self) -> None:
        self._runner.leave()
        for attempt in self._exchange.attempts:
            attempt.end()

    async def run(self) -> Answer:
        """The first good answer; Refusal when there is none."""
        self._budget.requested(time.monotonic())
        limit = self._plan.policy.timeouts.total_ms
        try:
            if limit is None:
                answer = await self._first_good()
            else:
                async with asyncio.timeout(limit / 1000):
                    answer = await self._first_good()
        except TimeoutError as error:
            raise total_timeout(self._plan.targets[0].provider, limit or 0) from error
        except ProviderFailure as failed:
            raise self._final(failed) from failed
        answer.attempt.answered = True
        self._exchange.winner = answer.attempt
        return answer

    async def _first_good(self) -> Answer:
        choices, hedge = self._choices(), self._plan.policy.hedge
        if hedge is not None and len(choices) > 1 and choices[1].usable:
            return await self._side_by_side(hedge, choices)
        return await self._one_after_another(choices)

    def _choices(self) -> Sequence[Choice]:
        plan, targets = self._plan, self._targets
        if plan.policy.is_plain:
            return FIRST
        healths = [targets.healths[model.id] for model in plan.targets]
        chosen = choose(plan.policy, facts_of(self._exchange), healths, time.monotonic(), targets.chance)
        if not chosen:
            raise Refusal(400, "No target of this route takes such a request.", code="no_target")
        return chosen

    async def _side_by_side(self, hedge: Hedge, choices: Sequence[Choice]) -> Answer:
        share = self._targets.hedges[self._plan.pace]
        share.requested(hedge)
        first, second, *_ = choices
        delay = hedge_delay(hedge, self._targets.healths[self._plan.targets[first.index].id])
        asked = [first]

        def may() -> bool:
            if not share.take():
                return False
            asked.append(second)
            return True

        try:
            return await first_of(lambda: self._insist(first, others=True), lambda: self._insist(second), delay, may)
        except ProviderFailure as failed:
            rest = choices[len(asked) :]
            if not rest or not retrying.next_target(self._plan.policy, failed.failure):
                raise
            return await self._one_after_another(rest)

    async def _one_after_another(self, choices: Sequence[Choice]) -> Answer:
        *others, last = choices
        for choice in others:
            try:
                return await self._insist(choice, others=True)
            except ProviderFailure as failed:
                if not retrying.next_target(self._plan.policy, failed.failure):
                    raise
        return await self._insist(last)

    async def _insist(self, choice: Choice, *, others: bool = False) -> Answer:
        """Ask one target, again where that may help; `others`: there is another one to ask instead."""
        tried = 0
        while True:
            try:
                return await self._runner.run(self._attempt(choice), choice.index)
            except ProviderFailure as failed:
                tried += 1
                wait = self._pause(failed.failure, tried, others)
                if wait is None:
                    raise
            await asyncio.sleep(wait)

    def _attempt(self, choice: Choice) -> Attempt:
        exchange, plan = self._exchange, self._plan
        attempt = attempt_at(plan, plan.targets[choice.index], exchange.next_span_id)
        if not exchange.attempts:
            attempt.started_ns = exchange.phases[-1][1]
        exchange.attempts.append(attempt)
        attempt.number, attempt.why = len(exchange.attempts), choice.why
        return attempt

    def _pause(self, failure: retrying.Failure, tried: int, others: bool) -> float | None:
        """Seconds until the same target is asked again; None not to."""
        policy = self._plan.policy
        if not self._left or (others and failure.kind in retrying.CROWDED and retrying.next_target(policy, failure)):
            return None
        wait = retrying.pause(policy.retries, failure, tried, self._targets.chance)
        if wait is None or not self._budget.take():
            return None
        self._left -= 1
        return wait

    def _final(self, failed: ProviderFailure) -> ProviderFailure:
        """What was tried often enough here needs no trying from outside, unless the provider named a time for it."""
        tried = len(self._exchange.attempts) > 1 or self._exchange.caller.retry_count
        if tried and failed.failure.retry_after is None:
            failed.headers = (*failed.headers, NO_MORE)
        return failed
