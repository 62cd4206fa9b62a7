"""Redis is stopped and started under the limiter: each limit does as its setting says, and what passed is charged."""

import asyncio
import logging
import signal
import time

import pytest

from apps.limits.domain.refusals import LimitReached
from apps.limits.domain.rules import Ask, Away, Metric
from tests.factories.limits import make_limiter, make_rule
from tests.helpers.pool_worker import own_broker


@pytest.fixture(scope="module")
def broker():
    with own_broker() as broker:
        yield broker


def with_outage(broker, before, during, after, **settings):
    """What three pieces of work with one limiter give: before, while and after its Redis is stopped.

    Servers live as long as the thread that started them, so it is the main one.
    """

    async def whole():
        limiter = make_limiter(url=broker.url, **settings)
        try:
            found = [await before(limiter)]
            broker.stop()
            try:
                found.append(await during(limiter))
            finally:
                broker.start()
            await limiter.tick()
            await limiter.tick()
            found.append(await after(limiter))
            return found
        finally:
            await limiter.aclose()

    return asyncio.run(whole())


async def count_in(limiter, rules, tries):
    passed = 0
    for _ in range(tries):
        try:
            (await limiter.admit(rules, Ask())).release()
            passed += 1
        except LimitReached as refusal:
            last = refusal
    return (passed, last.code, last.status) if passed < tries else passed


@pytest.mark.parametrize(
    ("away", "during"),
    [
        (Away.OPEN, 150),
        (Away.CLOSED, (0, "limits_unavailable", 503)),
        (Away.LEASE, (20, "limits_unavailable", 503)),
    ],
)
def test_while_redis_is_away_each_limit_does_as_its_setting_says(broker, away, during):
    rule = make_rule(value=200, away=away, share=0.1)

    async def passing(limiter):
        return await count_in(limiter, [rule], 150)

    async def what_is_left(limiter):
        return await count_in(limiter, [rule], 300)

    first = 50
    found = with_outage(
        broker, lambda limiter: count_in(limiter, [rule], first), passing, what_is_left, lease_share=0.0
    )
    assert found[1] == during
    passed = during if isinstance(during, int) else during[0]
    assert found[2] == (200 - first - passed, "rate_limit_exceeded", 429)


def test_what_was_leased_is_used_up_first(broker):
    rule = make_rule(value=1_000, away=Away.LEASE, share=0.01)

    async def leased(limiter):
        await count_in(limiter, [rule], 40)
        return next(iter(limiter._holdings)).free

    free, passed, _ = with_outage(
        broker, leased, lambda limiter: count_in(limiter, [rule], 200), lambda limiter: count_in(limiter, [rule], 1)
    )
    assert free > 0
    assert passed == (free + 10, "limits_unavailable", 503)


def test_each_change_is_told_once(broker, caplog):
    caplog.set_level(logging.INFO)
    rule = make_rule(value=1_000, away=Away.OPEN)

    async def busy(limiter):
        for _ in range(5):
            await count_in(limiter, [rule], 5)
            await limiter.tick()

    with_outage(broker, busy, busy, busy, lease_share=0.0)
    told = [record.levelno for record in caplog.records if record.message.startswith("Redis")]
    assert told == [logging.WARNING, logging.INFO]


def test_slots_taken_while_redis_was_away_are_counted_and_freed(broker):
    rule = make_rule(Metric.CONCURRENCY, value=4, away=Away.OPEN)
    held = []

    async def hold(limiter):
        held.extend([await limiter.admit([rule], Ask()) for _ in range(3)])

    async def then(limiter):
        refused = await count_in(limiter, [rule], 1)
        for admission in held:
            admission.release()
        return refused, await count_in(limiter, [rule], 1)

    found = with_outage(broker, hold, hold, then)
    assert found[2] == ((0, "concurrency_limit_reached", 429), 1)


def test_only_the_first_request_waits_for_a_server_that_hangs(broker):
    rule = make_rule(value=1_000, away=Away.OPEN)
    timeout_s = 0.05

    async def work():
        limiter = make_limiter(url=broker.url, timeout_s=timeout_s)
        broker.child.process.send_signal(signal.SIGSTOP)
        began = time.monotonic()
        try:
            assert await count_in(limiter, [rule], 500) == 500
            return time.monotonic() - began
        finally:
            broker.child.process.send_signal(signal.SIGCONT)
            await limiter.aclose()

    # Had each waited, it would be 500 timeouts.
    assert timeout_s <= asyncio.run(work()) < 100 * timeout_s
