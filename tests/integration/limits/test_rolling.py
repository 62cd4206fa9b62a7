"""Windows end: counters begin anew by Redis' time, whoever notices first, and nobody settles into the wrong one."""

import os
from contextlib import contextmanager

import pytest
import redis

from apps.limits.domain.refusals import LimitReached
from apps.limits.domain.rules import Ask, Metric, Window
from apps.limits.engine.store import keys_of
from tests.factories.limits import DOLLAR, KnownLedger, make_rule, with_limiters


@contextmanager
def valkey():
    with redis.Redis.from_url(os.environ["REDIS_URL"]) as client:
        yield client


def lease_of(limiter):
    (lease,) = limiter._holdings
    return lease


def end_window(limiter, *, noticed: bool) -> None:
    """As if the window in which everything happened had ended just now; `noticed` by the process as well."""
    lease = lease_of(limiter)
    past = limiter.clock.now_ms() - 1
    with valkey() as client:
        client.hset(keys_of(lease).state, "end", past)
    lease.end_ms = past
    if noticed:
        lease.until = 0.0


async def fill(limiter, rule, ask):
    admission = await limiter.admit([rule], ask)
    with pytest.raises(LimitReached):
        await limiter.admit([rule], ask)
    return admission


@pytest.mark.parametrize("noticed", [True, False])
def test_a_new_window_begins_empty(noticed):
    rule = make_rule(Metric.TOKENS, 100, window=Window.DAY)

    async def work(limiter):
        first = await fill(limiter, rule, Ask(tokens=60))
        end_window(limiter, noticed=noticed)
        second = await fill(limiter, rule, Ask(tokens=60))
        first.settle(60, 0)
        first.release()
        second.settle(10, 0)
        second.release()
        await limiter.tick()
        with valkey() as client:
            return int(client.hget(keys_of(lease_of(limiter)).state, "used"))

    # What the first request used belongs to the window in which it began.
    assert with_limiters(work, lease_share=0.0) == 10


def test_a_process_that_did_not_notice_is_put_right_by_redis():
    rule = make_rule(value=5, window=Window.DAY)

    async def work(early, late):
        for _ in range(5):
            (await early.admit([rule], Ask())).release()
        with pytest.raises(LimitReached):
            await late.admit([rule], Ask())
        end_window(early, noticed=True)
        await early.admit([rule], Ask())
        return [await late.admit([rule], Ask()) for _ in range(4)]

    assert len(with_limiters(work, 2, lease_share=0.0)) == 4


def test_a_budget_of_a_new_window_needs_no_word_of_the_ledger():
    budget, ledger = make_rule(Metric.COST, DOLLAR, window=Window.MONTH), KnownLedger(DOLLAR // 2)

    async def work(limiter):
        await limiter.admit([budget], Ask(cost_nano=DOLLAR // 2))
        end_window(limiter, noticed=True)
        await limiter.admit([budget], Ask(cost_nano=DOLLAR))

    with_limiters(work, ledger=ledger)
    assert len(ledger.questions) == 1


def test_a_process_with_a_wrong_clock_goes_by_redis_time():
    rule = make_rule(value=5, window=Window.MINUTE)

    async def work(limiter):
        limiter.clock.learn(limiter.clock.now_ms() - 7_200_000)
        await limiter.admit([rule], Ask())
        with valkey() as client:
            seconds, _ = client.time()
        return abs(limiter.clock.now_ms() / 1000 - seconds)

    assert with_limiters(work) < 30


def test_counters_of_a_window_are_forgotten_after_the_next_one():
    rule = make_rule(value=5, window=Window.MINUTE)

    async def work(limiter):
        await limiter.admit([rule], Ask())
        state, leases, _ = keys_of(lease_of(limiter))
        with valkey() as client:
            return client.pttl(state), client.pttl(leases)

    assert all(0 < left <= 120_000 for left in with_limiters(work))
