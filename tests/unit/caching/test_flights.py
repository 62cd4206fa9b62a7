"""Identical requests under way at the same time: who leads, who follows, and what happens when somebody goes."""

import asyncio
from collections.abc import Callable

import pytest

from apps.caching.domain.flights import (
    MOST_ATTEMPTS,
    REPLAY_BYTES,
    WINDOW_BYTES,
    CallCancelled,
    FellBehind,
    Flights,
    Seat,
)


class Provider:
    """Calls that do what a test tells them: publish pieces, answer or fail, one step at a time."""

    def __init__(self) -> None:
        self.calls: list[Scripted] = []

    def call(self) -> "Scripted":
        return Scripted(self)


class Scripted:
    def __init__(self, provider: Provider) -> None:
        self.provider = provider
        self.cancelled = False
        self.published = 0
        self._steps: asyncio.Queue[object] = asyncio.Queue()

    async def __call__(self, publisher) -> str:
        self.provider.calls.append(self)
        try:
            while True:
                step = await self._steps.get()
                if isinstance(step, Exception):
                    raise step
                if isinstance(step, str):
                    return step
                await publisher.publish(step)
                self.published += 1
        except asyncio.CancelledError:
            self.cancelled = True
            raise

    def does(self, *steps: object) -> None:
        for step in steps:
            self._steps.put_nowait(step)


def run(test: Callable) -> None:
    """An async test on a loop of its own, with fresh flights; it may leave no flight behind."""

    async def whole() -> None:
        flights: Flights[str] = Flights()
        async with asyncio.timeout(10):
            await test(flights, Provider())
        assert len(flights) == 0

    asyncio.run(whole())


async def settle() -> None:
    """Let everything run that can."""
    for _ in range(20):
        await asyncio.sleep(0)


async def read(seat: Seat[str]) -> list[bytes]:
    return [piece async for piece in seat.pieces()]


def test_twins_share_one_call_and_one_answer():
    async def test(flights, provider):
        with flights.join("k", provider.call()) as leader, flights.join("k", provider.call()) as follower:
            assert (leader.leads, leader.joined, follower.leads, follower.joined) == (True, False, False, True)
            waiting = [asyncio.create_task(seat.result()) for seat in (leader, follower)]
            await settle()
            provider.calls[0].does("answer")
            assert await asyncio.gather(*waiting) == ["answer", "answer"]
        assert len(provider.calls) == 1

    run(test)


def test_other_requests_have_a_call_of_their_own():
    async def test(flights, provider):
        with flights.join("k1", provider.call()) as one, flights.join("k2", provider.call()) as other:
            await settle()
            for call, text in zip(provider.calls, ("one", "other"), strict=True):
                call.does(text)
            assert [await one.result(), await other.result()] == ["one", "other"]

    run(test)


def test_who_comes_after_the_landing_starts_anew():
    async def test(flights, provider):
        with flights.join("k", provider.call()) as first:
            await settle()
            provider.calls[0].does("first")
            await first.result()
            with flights.join("k", provider.call()) as second:
                assert second.leads
                await settle()
                provider.calls[1].does("second")
                assert await second.result() == "second"
            assert await first.result() == "first"

    run(test)


def test_followers_are_told_what_came_and_then_follow_live():
    async def test(flights, provider):
        with flights.join("k", provider.call()) as leader:
            leading = asyncio.create_task(read(leader))
            await settle()
            provider.calls[0].does(b"a", b"b")
            await settle()
            with flights.join("k", provider.call()) as follower:
                following = asyncio.create_task(read(follower))
                await settle()
                provider.calls[0].does(b"c", "abc")
                assert await leading == await following == [b"a", b"b", b"c"]
                assert await follower.result() == "abc"

    run(test)


def test_a_leader_that_hangs_up_leaves_the_call_to_the_next():
    async def test(flights, provider):
        leader, follower = flights.join("k", provider.call()), flights.join("k", provider.call())
        following = asyncio.create_task(read(follower))
        await settle()
        provider.calls[0].does(b"a")
        await settle()
        leader.leave()
        assert follower.leads
        provider.calls[0].does(b"b", "ab")
        assert await following == [b"a", b"b"]
        assert (len(provider.calls), provider.calls[0].cancelled) == (1, False)
        follower.leave()

    run(test)


def test_the_last_one_to_hang_up_cancels_the_call():
    async def test(flights, provider):
        seats = [flights.join("k", provider.call()) for _ in range(3)]
        await settle()
        for seat in seats[:2]:
            seat.leave()
        await settle()
        assert not provider.calls[0].cancelled
        seats[2].leave()
        await settle()
        assert provider.calls[0].cancelled

    run(test)


def test_who_comes_after_the_last_has_left_starts_anew():
    async def test(flights, provider):
        flights.join("k", provider.call()).leave()
        with flights.join("k", provider.call()) as seat:
            assert seat.leads
            await settle()
            provider.calls[-1].does("answer")
            assert await seat.result() == "answer"

    run(test)


def test_leaving_twice_is_leaving_once():
    async def test(flights, provider):
        leader, follower = flights.join("k", provider.call()), flights.join("k", provider.call())
        await settle()
        leader.leave()
        leader.leave()
        provider.calls[0].does("answer")
        assert await follower.result() == "answer"
        follower.leave()
        follower.leave()

    run(test)


def test_a_failure_is_the_leaders_and_the_next_one_tries_its_own_call():
    async def test(flights, provider):
        with flights.join("k", provider.call()) as leader, flights.join("k", provider.call()) as follower:
            await settle()
            provider.calls[0].does(ValueError("broken"))
            with pytest.raises(ValueError, match="broken"):
                await leader.result()
            assert follower.leads
            await settle()
            provider.calls[1].does("answer")
            assert await follower.result() == "answer"

    run(test)


def test_those_who_have_read_a_part_fail_with_the_call_and_the_others_start_over():
    async def test(flights, provider):
        seats = [flights.join("k", provider.call()) for _ in range(3)]
        reading = asyncio.create_task(read(seats[1]))
        await settle()
        provider.calls[0].does(b"a")
        await settle()
        provider.calls[0].does(ValueError("broken"))
        with pytest.raises(ValueError, match="broken"):
            await reading
        with pytest.raises(ValueError, match="broken"):
            await seats[0].result()
        await settle()
        provider.calls[1].does(b"x", "x")
        assert await read(seats[2]) == [b"x"]
        for seat in seats:
            seat.leave()

    run(test)


def test_a_call_whose_own_seat_has_left_fails_nobody_else():
    async def test(flights, provider):
        leader, follower = flights.join("k", provider.call()), flights.join("k", provider.call())
        await settle()
        leader.leave()
        provider.calls[0].does(ValueError("broken"))
        await settle()
        provider.calls[1].does("answer")
        assert await follower.result() == "answer"
        follower.leave()

    run(test)


def test_a_provider_that_is_down_is_not_asked_once_per_request():
    async def test(flights, provider):
        seats = [flights.join("k", provider.call()) for _ in range(10)]
        for number in range(MOST_ATTEMPTS):
            await settle()
            provider.calls[number].does(ValueError(f"broken {number}"))
        for seat in seats:
            with pytest.raises(ValueError, match="broken"):
                await seat.result()
            seat.leave()
        assert len(provider.calls) == MOST_ATTEMPTS

    run(test)


def test_a_request_that_is_cancelled_while_it_waits_disturbs_nobody():
    async def test(flights, provider):
        leader, follower = flights.join("k", provider.call()), flights.join("k", provider.call())
        waiting = asyncio.create_task(leader.result())
        still = asyncio.create_task(follower.result())
        await settle()
        waiting.cancel()
        await settle()
        leader.leave()
        provider.calls[0].does("answer")
        assert await still == "answer"
        follower.leave()

    run(test)


def test_a_call_that_is_cancelled_from_outside_ends_all_with_a_reason():
    async def test(flights, provider):
        async def call(publisher):
            raise asyncio.CancelledError

        with flights.join("k", call) as leader, flights.join("k", call) as follower:
            for seat in (leader, follower):
                with pytest.raises(CallCancelled):
                    await seat.result()

    run(test)


def test_a_call_waits_while_even_the_fastest_reader_is_far_behind():
    async def test(flights, provider):
        piece = bytes(WINDOW_BYTES // 4)
        with flights.join("k", provider.call()) as leader:
            pieces = leader.pieces()
            await settle()
            provider.calls[0].does(piece)
            assert await anext(pieces) == piece
            provider.calls[0].does(*[piece] * 10, "done")
            await settle()
            stopped_at = provider.calls[0].published
            assert stopped_at < 11
            rest = [got async for got in pieces]
            assert len(rest) == 10
            assert await leader.result() == "done"

    run(test)


def test_a_call_waits_for_nobody_who_only_wants_the_whole():
    async def test(flights, provider):
        with flights.join("k", provider.call()) as leader:
            await settle()
            provider.calls[0].does(*[bytes(WINDOW_BYTES)] * 8, "done")
            assert await leader.result() == "done"

    run(test)


def test_a_reader_that_hangs_up_lets_the_call_go_on():
    async def test(flights, provider):
        slow, whole = flights.join("k", provider.call()), flights.join("k", provider.call())
        pieces = slow.pieces()
        await settle()
        provider.calls[0].does(b"a", *[bytes(WINDOW_BYTES)] * 4, "done")
        assert await anext(pieces) == b"a"
        await settle()
        assert provider.calls[0].published < 5
        slow.leave()
        assert await whole.result() == "done"
        whole.leave()

    run(test)


def test_an_answer_too_long_to_replay_lets_nobody_in_any_more_and_drops_the_slowest():
    async def test(flights, provider):
        piece = bytes(REPLAY_BYTES // 4)
        fast, slow = flights.join("k", provider.call()), flights.join("k", provider.call())
        slow_pieces = slow.pieces()
        reading = asyncio.create_task(read(fast))
        await settle()
        provider.calls[0].does(piece)
        await anext(slow_pieces)
        provider.calls[0].does(*[piece] * 7)
        await settle()
        late = flights.join("k", provider.call())
        assert late.leads
        late.leave()
        with pytest.raises(FellBehind):
            await anext(slow_pieces)
        provider.calls[0].does("done")
        assert len(await reading) == 8
        for seat in (fast, slow):
            seat.leave()

    run(test)
