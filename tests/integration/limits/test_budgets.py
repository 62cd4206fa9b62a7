"""Budgets: begun with the ledger's word exactly once, corrected by it, and never lost with Redis' memory."""

import asyncio
import logging

import pytest

from apps.limits.domain.ledger import LedgerAway
from apps.limits.domain.refusals import LimitReached
from apps.limits.domain.rules import Ask, Away, Metric, Window
from apps.limits.domain.windows import bounds
from tests.factories.limits import DOLLAR, KnownLedger, make_limiter, make_rule, with_limiters
from tests.helpers.pool_worker import own_broker, restart_empty

CENT = DOLLAR // 100


async def spend(limiter, rules, cost, tries=1):
    """How many requests of `cost` nano-dollars were let in."""
    passed = 0
    for _ in range(tries):
        try:
            admission = await limiter.admit(rules, Ask(cost_nano=cost))
        except LimitReached:
            continue
        admission.settle(0, cost)
        admission.release()
        passed += 1
    return passed


def test_a_budget_begins_with_what_was_spent_already():
    budget, ledger = make_rule(Metric.COST, DOLLAR, window=Window.MONTH, key="some-key"), KnownLedger(90 * CENT)
    assert with_limiters(lambda limiter: spend(limiter, [budget], CENT, 30), ledger=ledger) == 10
    question = ledger.questions[0]
    assert (question.organisation, question.key, question.user) == (budget.organisation, "some-key", None)
    assert bounds(Window.MONTH, question.since_ms).start == question.since_ms


def test_many_processes_that_begin_at_once_add_the_past_once():
    budget, ledger = make_rule(Metric.COST, DOLLAR), KnownLedger(50 * CENT)

    async def work(*limiters):
        return sum(await asyncio.gather(*(spend(limiter, [budget], CENT, 20) for limiter in limiters)))

    assert with_limiters(work, 4, ledger=ledger, lease_share=0.0) == 50


def test_every_user_is_asked_for_apart():
    budget, ledger = make_rule(Metric.COST, DOLLAR, each_user=True), KnownLedger(99 * CENT)

    async def work(limiter):
        return [await limiter.admit([budget], Ask(cost_nano=CENT, user=user)) for user in ("ada", "")]

    with_limiters(work, ledger=ledger)
    assert [question.user for question in ledger.questions] == ["ada", ""]


def test_while_the_ledger_is_away_an_unknown_budget_is_held_as_its_setting_says(caplog):
    async def ledger(question):
        raise LedgerAway("Postgres is starting")

    closed, shared = (make_rule(Metric.COST, DOLLAR, away=away, share=0.1) for away in (Away.CLOSED, Away.LEASE))

    async def work(limiter):
        return await spend(limiter, [closed], CENT, 5), await spend(limiter, [shared], CENT, 20)

    assert with_limiters(work, ledger=ledger) == (0, 10)
    assert [record.levelno for record in caplog.records if "ledger" in record.message] == [logging.WARNING]


def test_a_redis_that_comes_back_empty_is_told_the_past_once_by_all_processes():
    ledger = KnownLedger()

    async def work(url, broker):
        budget = make_rule(Metric.COST, DOLLAR)
        limiters = [make_limiter(url=url, ledger=ledger, lease_share=0.0) for _ in range(3)]
        for limiter in limiters:
            assert await spend(limiter, [budget], CENT, 20) == 20
        ledger.spent = 60 * CENT
        restart_empty(broker)
        for limiter in limiters:
            await limiter.tick()
        for limiter in limiters:
            await limiter.tick()
        left = [await spend(limiter, [budget], CENT, 30) for limiter in limiters]
        for limiter in limiters:
            await limiter.aclose()
        return sum(left)

    with own_broker() as broker:
        assert asyncio.run(work(broker.url, broker)) == 40


def test_requests_and_tokens_are_counted_again_by_those_who_used_them():
    async def work(url, broker):
        limit = make_rule(Metric.TOKENS, 100, window=Window.DAY)
        limiters = [make_limiter(url=url, lease_share=0.0) for _ in range(2)]
        for limiter in limiters:
            admission = await limiter.admit([limit], Ask(tokens=40))
            admission.settle(40, 0)
            admission.release()
        restart_empty(broker)
        for limiter in limiters:
            await limiter.tick()
            await limiter.tick()
        with pytest.raises(LimitReached):
            await limiters[0].admit([limit], Ask(tokens=40))
        await limiters[0].admit([limit], Ask(tokens=10))
        for limiter in limiters:
            await limiter.aclose()

    with own_broker() as broker:
        asyncio.run(work(broker.url, broker))


@pytest.mark.parametrize(
    ("seeded", "spent", "known", "left"),
    [
        (0, 20, 50, 50),  # somebody found that more was spent: an adjustment
        (0, 20, 10, 80),  # the ledger lags behind, and is not believed
        (40, 20, 35, 45),  # five cents of the past were taken back
    ],
)
def test_the_ledger_corrects_a_budget_but_its_delay_does_not(seeded, spent, known, left):
    budget, ledger = make_rule(Metric.COST, DOLLAR), KnownLedger(seeded * CENT)

    async def work(limiter):
        await spend(limiter, [budget], CENT, spent)
        ledger.spent = known * CENT
        await limiter.tick()
        await limiter.tick()
        return await spend(limiter, [budget], CENT, 100)

    assert with_limiters(work, ledger=ledger, lease_share=0.0, reconcile_ms=0) == left


def test_what_a_lost_process_leased_comes_back_once_the_ledger_knows_what_it_spent():
    budget, ledger = make_rule(Metric.COST, DOLLAR), KnownLedger()

    async def work(limiter):
        lost = make_limiter(ledger=ledger, lease_ms=0, reconcile_ms=0)
        await lost.admit([budget], Ask(cost_nano=30 * CENT))
        ledger.spent = 5 * CENT
        before = await spend(limiter, [budget], CENT, 80)
        for _ in range(3):
            await limiter.tick()
        ledger.spent = 76 * CENT
        after = await spend(limiter, [budget], CENT)
        for _ in range(3):
            await limiter.tick()
        after += await spend(limiter, [budget], CENT, 80)
        await lost._store.aclose()
        return before, after

    assert with_limiters(work, ledger=ledger, lease_share=0.0, reconcile_ms=0, grace_ms=0) == (70, 25)
