"""Running one attempt: let in, timed, and its target's health noted."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from apps.gateway.domain.admission import Busy, Gate
from apps.gateway.domain.health import Health
from apps.gateway.domain.policy import TRANSIENT, Breaker, Policy
from apps.gateway.domain.retrying import Failure
from apps.gateway.proxy.attempts.attempt import Attempt
from apps.gateway.proxy.attempts.opened import Streaming, Whole
from apps.gateway.proxy.attempts.targets import Targets
from apps.gateway.proxy.provider_errors import ProviderFailure, first_token_timeout
from apps.gateway.proxy.refusals import Refusal
from apps.serving.services import TransportError

COOL_DOWN_SECONDS = 1.0  # after a 429 that does not say how long


Answer = TypeVar("Answer", Whole, Streaming)
Open = Callable[[Attempt], Awaitable[Answer]]


class Slot:
    """A request's place at its target, given back once."""

    __slots__ = ("_gate", "_health", "_taken")

    def __init__(self, health: Health, gate: Gate | None) -> None:
        self._health, self._gate = health, gate
        self._taken = True

    def leave(self) -> None:
        if self._taken:
            self._taken = False
            self._health.ended()
            if self._gate is not None:
                self._gate.leave()


class Runner(Generic[Answer]):
    """Opens attempts of one request. `slots` are those still held; `leave` gives them back at its end."""

    def __init__(self, targets: Targets, policy: Policy, open_: Open[Answer]) -> None:
        self._targets, self._policy = targets, policy
        self._open: Open[Answer] = open_
        self.slots: list[Slot] = []

    def leave(self) -> None:
        for slot in self.slots:
            slot.leave()

    async def run(self, attempt: Attempt, index: int) -> Answer:
        """ProviderFailure when the target failed, Refusal when the request itself is to blame."""
        health = self._targets.healths[attempt.model.id]
        slot = Slot(health, await self._let_in(attempt, index))
        self.slots.append(slot)
        began = time.monotonic()
        health.begin(began)
        try:
            answer = await self._timed(attempt)
        except BaseException as error:
            attempt.end()
            _note_failure(health, attempt, error, self._policy.breaker)
            slot.leave()
            raise
        now = time.monotonic()
        health.succeeded(now, (attempt.first_chunk_ns / 1e9) or (now - began), self._policy.breaker)
        return answer

    async def _let_in(self, attempt: Attempt, index: int) -> Gate | None:
        limit = self._policy.targets[index].max_concurrency
        if limit is None:
            return None
        gate = self._targets.gate(attempt.model.id, limit, self._policy.queue)
        try:
            await gate.enter()
        except Busy as busy:
            attempt.end()
            failure = Failure("busy", busy.retry_after)
            message = f"The model '{attempt.model.name}' is busy: {busy}"
            headers = ((b"retry-after", b"%d" % max(1, round(busy.retry_after))),)
            refusal = ProviderFailure(503, message, code="target_busy", headers=headers, failure=failure)
            attempt.failed(refusal.code, refusal.message)
            raise refusal from busy
        return gate

    async def _timed(self, attempt: Attempt) -> Answer:
        limit = self._policy.timeouts.first_token_ms
        if limit is None:
            return await self._open(attempt)
        try:
            async with asyncio.timeout(limit / 1000):
                return await self._open(attempt)
        except TimeoutError as error:
            raise first_token_timeout(attempt.upstream.provider, limit) from error


def _note_failure(health: Health, attempt: Attempt, error: BaseException, breaker: Breaker) -> None:
    now = time.monotonic()
    if isinstance(error, Refusal):
        attempt.failed(error.code, error.message)
        attempt.charge_unknown = isinstance(error.__cause__, TransportError) and error.__cause__.reached_upstream
    elif isinstance(error, asyncio.CancelledError):
        attempt.cut_off = True
    if not isinstance(error, ProviderFailure) or error.failure.kind not in TRANSIENT:
        health.gave_up()
        return
    failure = error.failure
    if failure.kind == "rate_limited":
        health.cool_down(now, COOL_DOWN_SECONDS if failure.retry_after is None else failure.retry_after)
        health.gave_up()
    else:
        health.failed(now, breaker)
