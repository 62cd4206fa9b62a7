"""The limiter on a real Valkey: exact at the end, cheap before it, all or nothing, nothing lost or granted twice."""

import asyncio
from uuid import uuid4

import pytest

from apps.limits.domain.refusals import LimitReached
from apps.limits.domain.rules import Ask, Metric, Window
from tests.factories.limits import DOLLAR, count_in, let_in, make_rule, with_limiters


@pytest.mark.parametrize("share", [0.0, 0.05, 0.5])
def test_a_limit_lets_exactly_as_many_in_as_it_says(share):
    rule = make_rule(value=40)
    assert with_limiters(lambda limiter: count_in(limiter, [rule], 60), lease_share=share) == 40


def test_with_leases_most_requests_ask_redis_nothing():
    rule = make_rule(value=10_000)

    async def work(limiter):
        asked = 0
        for _ in range(1_000):
            if limiter.try_admit([rule], Ask()) is None:
                asked += 1
                await limiter.admit([rule], Ask())
        return asked

    assert with_limiters(work) < 20


def test_without_leases_every_request_asks_redis():
    rule = make_rule(value=10_000)

    async def work(limiter):
        await count_in(limiter, [rule], 20)
        return limiter.try_admit([rule], Ask())

    assert with_limiters(work, lease_share=0.0) is None


def test_all_limits_of_a_request_are_taken_from_or_none():
    organisation = str(uuid4())
    wide, narrow = (make_rule(value=value, organisation=organisation) for value in (10, 1))

    async def work(limiter):
        assert await count_in(limiter, [wide, narrow], 5) == 1
        return await count_in(limiter, [wide], 20)

    assert with_limiters(work, lease_share=0.0) == 9


def test_what_is_not_used_can_be_used_by_the_next():
    rule = make_rule(Metric.TOKENS, value=1_000)

    async def work(limiter):
        first = await limiter.admit([rule], Ask(tokens=1_000))
        assert isinstance(await let_in(limiter, [rule], Ask(tokens=10)), LimitReached)
        first.settle(400, 0)
        first.release()
        first.release()
        assert isinstance(await let_in(limiter, [rule], Ask(tokens=601)), LimitReached)
        return await let_in(limiter, [rule], Ask(tokens=600))

    assert not isinstance(with_limiters(work), LimitReached)


def test_slots_come_back_on_release_and_not_before():
    rule = make_rule(Metric.CONCURRENCY, value=2)

    async def work(limiter):
        first, _second = await limiter.admit([rule], Ask()), await limiter.admit([rule], Ask())
        refusal = await let_in(limiter, [rule])
        first.release()
        return refusal, await let_in(limiter, [rule])

    refusal, third = with_limiters(work)
    assert (refusal.code, refusal.retryable) == ("concurrency_limit_reached", True)
    assert not isinstance(third, LimitReached)


@pytest.mark.parametrize("metric", [Metric.REQUESTS, Metric.CONCURRENCY])
def test_processes_share_one_limit(metric):
    rule = make_rule(metric, value=30)

    async def work(*limiters):
        return sum(await asyncio.gather(*(count_in(limiter, [rule], 25) for limiter in limiters)))

    assert with_limiters(work, 3, lease_share=0.0) == 30


def test_what_one_process_leased_and_does_not_need_serves_another():
    rule = make_rule(value=100)

    async def work(busy, other):
        await count_in(busy, [rule], 20)
        assert busy.try_admit([rule], Ask()) is not None
        taken = 21 + await count_in(other, [rule], 100)
        refusal = await let_in(other, [rule])
        assert refusal.retryable
        assert refusal.retry_after_ms <= 1000
        for _ in range(2):
            await busy.tick()
        return taken + await count_in(other, [rule], 100)

    assert with_limiters(work, 2, lease_share=0.2) == 100


def test_everything_held_comes_back_when_a_process_ends():
    rule = make_rule(Metric.TOKENS, value=1_000)

    async def fill(limiter):
        admission = await limiter.admit([rule], Ask(tokens=100))
        admission.settle(60, 0)
        admission.release()

    with_limiters(fill, lease_share=0.5)
    assert with_limiters(lambda limiter: count_in(limiter, [rule], 2, Ask(tokens=470)), lease_share=0.0) == 2


def test_nothing_is_granted_to_a_client_that_is_gone():
    rule = make_rule(Metric.CONCURRENCY, value=3)

    async def work(limiter):
        tasks = [asyncio.create_task(limiter.admit([rule], Ask())) for _ in range(3)]
        await asyncio.sleep(0)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await limiter.tick()
        return await count_in(limiter, [rule], 5)

    assert with_limiters(work) == 3


def test_a_forgotten_request_counts_as_it_was_reserved_and_frees_its_slot():
    organisation = str(uuid4())
    slots = make_rule(Metric.CONCURRENCY, value=1, organisation=organisation)
    budget = make_rule(Metric.COST, value=DOLLAR, organisation=organisation)

    async def work(limiter):
        await limiter.admit([slots, budget], Ask(cost_nano=DOLLAR // 2))
        await limiter.tick()
        assert limiter.open_admissions == 0
        return await count_in(limiter, [slots, budget], 1, Ask(cost_nano=DOLLAR // 2 + 1)), await count_in(
            limiter, [slots, budget], 1, Ask(cost_nano=DOLLAR // 2)
        )

    assert with_limiters(work, admission_s=0.0) == (0, 1)


def test_each_user_has_a_limit_of_their_own_and_the_nameless_share_one():
    rule = make_rule(value=2, each_user=True)

    async def work(limiter):
        return [await count_in(limiter, [rule], 5, Ask(user=user)) for user in ("ada", "grace", "", "ada", "\ud800")]

    assert with_limiters(work) == [2, 2, 2, 0, 2]


def test_a_limit_of_one_model_leaves_the_others_alone():
    rule = make_rule(value=1, name="acme-large")

    async def work(limiter):
        return (
            await count_in(limiter, [rule], 5, Ask(model="acme-large")),
            await count_in(limiter, [rule], 5, Ask(route="acme-large")),
            await count_in(limiter, [rule], 5, Ask(model="acme-small")),
        )

    assert with_limiters(work) == (1, 0, 5)


def test_two_projects_share_no_counter():
    organisation = str(uuid4())
    ours, theirs = (make_rule(value=3, project=str(uuid4()), organisation=organisation) for _ in range(2))

    async def work(limiter):
        return await count_in(limiter, [ours], 9), await count_in(limiter, [theirs], 9)

    assert with_limiters(work) == (3, 3)


def test_a_soft_limit_refuses_nobody_and_says_that_it_is_passed():
    rule = make_rule(value=3, hard=False)

    async def work(limiter):
        return [bool((await limiter.admit([rule], Ask())).over) for _ in range(6)]

    over = with_limiters(work)
    assert over[-1]
    assert not over[0]


def test_a_lowered_limit_holds_for_the_next_request():
    limit = make_rule(value=100)
    lowered = make_rule(value=10, limit=limit.limit, counter=limit.counter, organisation=limit.organisation)

    async def work(limiter):
        await count_in(limiter, [limit], 20)
        return await count_in(limiter, [lowered], 5)

    assert with_limiters(work) == 0


@pytest.mark.parametrize("window", [Window.MINUTE, Window.DAY])
def test_a_full_window_tells_when_the_next_one_begins(window):
    rule = make_rule(value=1, window=window)

    async def work(limiter):
        # Once more if the window ends in between.
        while not isinstance(refusal := await let_in(limiter, [rule]), LimitReached):
            pass
        now = limiter.clock.now_ms()
        return refusal, -now % {Window.MINUTE: 60_000, Window.DAY: 86_400_000}[window]

    refusal, rest = with_limiters(work, lease_share=0.0)
    assert abs(refusal.retry_after_ms - rest) < 2_000
    assert refusal.retryable == (refusal.retry_after_ms <= 60_000)
    names = dict(refusal.headers)
    assert names[b"x-ratelimit-limit-requests"] == b"1"
    assert names[b"x-ratelimit-remaining-requests"] == b"0"
    assert int(names[b"retry-after"]) == -(-refusal.retry_after_ms // 1000)


def test_a_request_larger_than_the_whole_limit_is_told_not_to_wait():
    rule = make_rule(Metric.TOKENS, value=100, window=Window.MINUTE)
    refusal = with_limiters(lambda limiter: let_in(limiter, [rule], Ask(tokens=101)))
    assert (refusal.retry_after_ms, refusal.retryable) == (None, False)
