"""Asking a second target while the first still works at it; the first good answer is taken."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from apps.gateway.proxy.attempts.running import Answer

Ask = Callable[[], Coroutine[Any, Any, Answer]]


async def first_of(first: Ask[Answer], second: Ask[Answer], delay: float, may: Callable[[], bool]) -> Answer:
    """`second` is asked after `delay` seconds without an answer, if it `may` be. The other one is cut off.

    What `first` raises, if both fail or there was no second.
    """
    leader = asyncio.create_task(first())
    racing = {leader}
    winner: asyncio.Task[Answer] | None = None
    try:
        done, _ = await asyncio.wait(racing, timeout=delay)
        if not done and may():
            racing.add(asyncio.create_task(second()))
        winner = await _first_good(racing)
        return (winner or leader).result()
    finally:
        for task in racing:
            if task is not winner:
                await _cut_off(task)


async def _first_good(racing: "set[asyncio.Task[Answer]]") -> "asyncio.Task[Answer] | None":
    running = racing
    while running:
        done, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            if not task.cancelled() and task.exception() is None:
                return task
    return None


async def _cut_off(task: "asyncio.Task[Answer]") -> None:
    """Nobody wants its answer any more; what it spent is billed all the same."""
    task.cancel()
    await asyncio.wait({task})
    if not task.cancelled() and task.exception() is None:
        answer = task.result()
        answer.attempt.cut_off = True
        answer.close()
