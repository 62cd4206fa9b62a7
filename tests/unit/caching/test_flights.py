"""Identical requests under way at the same time: one call, and nobody waits for ever."""

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.caching.domain.flights import Flight, Flights

Outcome = str  # how a call ends, once somebody makes it


class World:
    """Requests that ask for the same; each call waits until the test lets it end."""

    def __init__(self) -> None:
        self.flights: Flights[str] = Flights()
        self.calls: list[asyncio.Future[Outcome]] = []
        self.answers: list[str] = []

    async def ask(self, key: str = "same") -> str:
        place = await self.flights.join(key)
        if isinstance(place, Flight):
            with place:
                answer = await self.call()
                place.land(None if answer == "private" else answer)
        else:
            answer = place or await self.call()
        self.answers.append(answer)
        return answer

    async def call(self) -> str:
        ended: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self.calls.append(ended)
        outcome = await ended
        if outcome == "failed":
            raise ValueError(outcome)
        return outcome


async def settled() -> None:
    for _ in range(6):
        await asyncio.sleep(0)


async def begin(world: World, number: int) -> list[asyncio.Task[str]]:
    tasks = [asyncio.create_task(world.ask()) for _ in range(number)]
    await settled()
    return tasks


def test_one_call_answers_all_who_ask_meanwhile() -> None:
    async def main() -> None:
        world = World()
        tasks = await begin(world, 5)
        (call,) = world.calls
        call.set_result("warm")
        assert await asyncio.gather(*tasks) == ["warm"] * 5
        assert len(world.flights) == 0

    asyncio.run(main())


def test_other_requests_make_their_own_call() -> None:
    async def main() -> None:
        world = World()
        tasks = [asyncio.create_task(world.ask(key)) for key in "ab"]
        await settled()
        assert len(world.calls) == 2
        for call, answer in zip(world.calls, "xy", strict=True):
            call.set_result(answer)
        assert await asyncio.gather(*tasks) == ["x", "y"]

    asyncio.run(main())


def test_when_the_one_who_calls_leaves_the_next_calls_and_the_others_go_on_waiting() -> None:
    async def main() -> None:
        world = World()
        first, *others = await begin(world, 4)
        first.cancel()
        await settled()
        assert len(world.calls) == 2
        world.calls[1].set_result("warm")
        assert await asyncio.gather(*others) == ["warm"] * 3

    asyncio.run(main())


@pytest.mark.parametrize("outcome", ["failed", "private"])
def test_a_call_that_fails_or_is_not_for_sharing_sends_each_on_their_own_way(outcome: str) -> None:
    async def main() -> None:
        world = World()
        first, *others = await begin(world, 3)
        world.calls[0].set_result(outcome)
        await settled()
        assert len(world.calls) == 3
        for call in world.calls[1:]:
            call.set_result("own")
        assert await asyncio.gather(*others) == ["own"] * 2
        await asyncio.gather(first, return_exceptions=True)

    asyncio.run(main())


@settings(max_examples=150)
@given(st.lists(st.sampled_from(["ask", "leave-first", "leave-last", "warm", "failed", "private"]), max_size=25))
def test_whatever_happens_everybody_is_answered_or_told_in_the_end(steps: list[str]) -> None:
    async def main() -> None:
        world = World()
        tasks: list[asyncio.Task[str]] = []
        for step in steps:
            if step == "ask":
                tasks.append(asyncio.create_task(world.ask()))
            elif step.startswith("leave") and tasks:
                tasks[0 if step == "leave-first" else -1].cancel()
            elif open_calls := [call for call in world.calls if not call.done()]:
                open_calls[0].set_result(step)
            await settled()
        for _ in range(len(tasks) + 1):
            for call in world.calls:
                if not call.done():
                    call.set_result("last")
            await settled()
        assert all(task.done() for task in tasks)
        assert len(world.flights) == 0
        await asyncio.gather(*tasks, return_exceptions=True)

    asyncio.run(main())
