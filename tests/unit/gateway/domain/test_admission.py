"""Who is let in to a target, and who waits."""

import asyncio

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from apps.gateway.domain.admission import Busy, Gate


def test_first_come_first_served():
    async def main():
        gate, order = Gate(1, line=10, timeout=10), []
        await gate.enter()

        async def visitor(number):
            await gate.enter()
            order.append(number)
            gate.leave()

        visitors = [asyncio.create_task(visitor(number)) for number in range(5)]
        await asyncio.sleep(0)
        assert gate.waiting == 5
        gate.leave()
        await asyncio.gather(*visitors)
        assert (order, gate.inside) == ([0, 1, 2, 3, 4], 0)

    asyncio.run(main())


def test_a_full_line_turns_away_at_once():
    async def main():
        gate = Gate(1, line=0, timeout=10)
        await gate.enter()
        with pytest.raises(Busy) as caught:
            await gate.enter()
        assert caught.value.retry_after > 0

    asyncio.run(main())


def test_a_line_that_does_not_move_is_left():
    async def main():
        gate = Gate(1, line=5, timeout=0.01)
        await gate.enter()
        with pytest.raises(Busy):
            await gate.enter()
        assert (gate.inside, gate.waiting) == (1, 0)

    asyncio.run(main())


def test_a_higher_limit_is_used_from_the_next_one_who_leaves():
    async def main():
        gate = Gate(1, line=5, timeout=10)
        await gate.enter()
        waiting = [asyncio.create_task(gate.enter()) for _ in range(3)]
        await asyncio.sleep(0)
        gate.limit = 3
        gate.leave()
        await asyncio.gather(*waiting)
        assert gate.inside == 3

    asyncio.run(main())


@settings(max_examples=60)
@example(["enter", "enter", "enter", "leave", "cancel", "leave", "enter"], 2)
@given(st.lists(st.sampled_from(["enter", "leave", "cancel", "turn"]), max_size=40), st.integers(1, 3))
def test_whatever_happens_nobody_is_lost_and_nobody_counted_twice(steps, limit):
    async def main():
        gate = Gate(limit, line=100, timeout=100)
        tasks: list[asyncio.Task[None]] = []
        inside = 0
        for step in steps:
            if step == "enter":
                tasks.append(asyncio.create_task(gate.enter()))
            elif step == "leave" and gate.inside and any(task.done() and not task.cancelled() for task in tasks):
                done = next(task for task in tasks if task.done() and not task.cancelled())
                tasks.remove(done)
                gate.leave()
            elif step == "cancel" and tasks:
                tasks[-1].cancel()
            else:
                await asyncio.sleep(0)
        for _ in range(5):
            await asyncio.sleep(0)
        entered = [task for task in tasks if task.done() and not task.cancelled()]
        inside = len(entered)
        assert gate.inside == inside <= limit
        assert gate.waiting == sum(not task.done() for task in tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    asyncio.run(main())
