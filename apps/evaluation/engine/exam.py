"""Asking the models: some calls at a time, stored as they come, given up when a model keeps failing."""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Iterator, Sequence
from uuid import UUID

from apps.compute.domain.reporting import Reporter
from apps.evaluation.engine.calls import Call, Outcome
from apps.serving.services.completing import Completion, ModelCallFailed

CONCURRENCY = 8
# So many failures in a row are no bad luck: a provider is down or a model isn't loaded.
HOPELESS = 20
STORE_EVERY_SECONDS = 1.0

Ask = Callable[[Call], Awaitable[Completion]]
Save = Callable[[Sequence[Outcome]], Awaitable[None]]


class Hopeless(Exception):
    """A model answers nothing; the message is for people."""


class Failures:
    """Tells failures that happen from those that have no end.

    answered: models that are known to work, because they answered in an earlier attempt.
    """

    def __init__(self, answered: Collection[UUID]) -> None:
        self._answered = set(answered)
        self._in_a_row: Counter[UUID | None] = Counter()
        self._newest: dict[UUID, Outcome] = {}

    def watch(self, outcome: Outcome) -> None:
        """Hopeless after too many failures in a row, of one model or of all of them together."""
        model = outcome.call.model
        if outcome.completion is not None:
            self._answered.add(model.id)
            self._in_a_row[model.id] = self._in_a_row[None] = 0
            return
        self._newest[model.id] = outcome
        self._in_a_row[model.id] += 1
        self._in_a_row[None] += 1
        if max(self._in_a_row[model.id], self._in_a_row[None]) >= HOPELESS:
            raise Hopeless(given_up(f"{HOPELESS} calls in a row failed", outcome))

    def conclude(self) -> None:
        """Hopeless when a model never answered: with few rows it can fail at all of them before it is noticed."""
        for model, outcome in self._newest.items():
            if model not in self._answered:
                raise Hopeless(given_up(f"every call to {outcome.call.model} failed", outcome))


class Exam:
    """One attempt at the open calls of an evaluation, of `total` calls with those of earlier attempts."""

    def __init__(
        self, calls: Sequence[Call], *, total: int, ask: Ask, save: Save, reporter: Reporter, failures: Failures
    ) -> None:
        self._calls, self._total, self._ask, self._save = calls, total, ask, save
        self._reporter, self._failures = reporter, failures
        self._outcomes: list[Outcome] = []
        self._stored = 0
        self._begun = time.monotonic()

    @property
    def complete(self) -> bool:
        return self._stored == len(self._calls)

    async def sit(self) -> None:
        """Make the calls until none is left or the reporter says to stop; Hopeless when that has no use."""
        left = iter(self._calls)
        workers = [asyncio.create_task(self._work(left)) for _ in range(CONCURRENCY)]
        try:
            await self._store_until_done(set(workers))
        finally:
            for worker in workers:
                worker.cancel()
            await asyncio.gather(*workers, return_exceptions=True)
        if self.complete:
            self._failures.conclude()

    async def _store_until_done(self, workers: set[asyncio.Task[None]]) -> None:
        while workers:
            finished, workers = await asyncio.wait(
                workers, timeout=STORE_EVERY_SECONDS, return_when=asyncio.FIRST_EXCEPTION
            )
            await self._store()
            for worker in finished:
                worker.result()

    async def _work(self, left: Iterator[Call]) -> None:
        for call in left:
            if self._reporter.stopping:
                return
            try:
                outcome = Outcome(call, await self._ask(call))
            except ModelCallFailed as error:
                outcome = Outcome(call, None, str(error) or "The model gave no answer.")
            self._outcomes.append(outcome)
            self._failures.watch(outcome)

    async def _store(self) -> None:
        outcomes, self._outcomes = self._outcomes, []
        if outcomes:
            await self._save(outcomes)
        self._stored += len(outcomes)
        left = len(self._calls) - self._stored
        done = self._total - left
        pace = (time.monotonic() - self._begun) / self._stored if self._stored else None
        self._reporter.progress(
            done / self._total if self._total else 1.0,
            stage=f"{done:,} of {self._total:,} answers",
            seconds_left=None if pace is None else pace * left,
        )


def given_up(what: str, outcome: Outcome) -> str:
    return (
        f"Given up: {what}. {outcome.call.model} last said: {outcome.error.rstrip('.')}. "
        "See to the model and its provider, then start the job again; the answers so far are kept."
    )
