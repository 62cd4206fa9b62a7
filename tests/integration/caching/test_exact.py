"""Answers in a real Valkey: found again by nobody else, for their time, within the budget, in the policy's order."""

import asyncio
import logging
import os
from collections import OrderedDict
from uuid import uuid4

import pytest
import redis
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.caching.domain.answers import pack
from apps.caching.domain.keys import ENTRY_OVERHEAD, keys_of
from apps.caching.domain.policy import Eviction
from apps.caching.engine.exact import MOST_OF_BUDGET, ExactCache, Kept
from tests.factories.caching import make_answer, make_policy
from tests.helpers.waiting import eventually

ANSWER = make_answer("x" * 200)
SIZE = len(pack(ANSWER)) + ENTRY_OVERHEAD


def policy_of(**fields):
    """Of a project that no other test knows."""
    return make_policy(project_id=str(uuid4()), **fields)


def with_cache(work, url: str | None = None):
    async def whole():
        cache = ExactCache(url or os.environ["CACHE_URL"])
        try:
            return await work(cache)
        finally:
            await cache.aclose()

    return asyncio.run(whole())


def key(number: int) -> bytes:
    return number.to_bytes(32, "big")


@pytest.fixture
def valkey():
    with redis.Redis.from_url(os.environ["CACHE_URL"]) as client:
        yield client


def test_an_answer_is_found_again_as_it_was():
    policy, answer = policy_of(), make_answer("long " * 2_000)

    async def work(cache):
        assert await cache.get(policy, key(1)) is None
        assert await cache.put(policy, key(1), answer) == Kept(True, 0)
        return await cache.get(policy, key(1))

    assert with_cache(work) == answer


def test_routes_and_projects_have_nothing_in_common():
    policy = policy_of()
    others = [make_policy(project_id=policy.project_id, route="other"), policy_of()]

    async def work(cache):
        await cache.put(policy, key(1), ANSWER)
        return [await cache.get(other, key(1)) for other in others]

    assert with_cache(work) == [None, None]


def test_an_answer_goes_when_its_time_is_over_and_so_do_the_books(valkey):
    policy = policy_of(ttl_s=1)
    with_cache(lambda cache: cache.put(policy, key(1), ANSWER))
    assert with_cache(lambda cache: cache.get(policy, key(1))) == ANSWER
    eventually(lambda: with_cache(lambda cache: cache.get(policy, key(1))) is None)
    books = keys_of(policy.project_id, policy.route)
    assert valkey.hget(books.facts, "bytes") == b"0"
    assert valkey.zcard(books.order) == valkey.zcard(books.expiry) == valkey.hlen(books.sizes) == 0
    assert 0 < valkey.pttl(books.facts) <= 61_000


def test_what_ran_out_makes_room_before_anything_living_has_to_go(valkey):
    short = policy_of(ttl_s=1, eviction=Eviction.LFU, budget_bytes=SIZE * MOST_OF_BUDGET)
    long = make_policy(**{name: getattr(short, name) for name in short.__struct_fields__} | {"ttl_s": 600})

    async def fill(cache):
        await cache.put(short, key(0), ANSWER)
        for _ in range(5):
            await cache.get(short, key(0))  # used most often, and yet it goes
        for number in range(1, MOST_OF_BUDGET):
            await cache.put(long, key(number), ANSWER)

    with_cache(fill)
    eventually(lambda: not valkey.exists(keys_of(short.project_id, short.route).entry + key(0)))
    assert with_cache(lambda cache: cache.put(long, key(99), ANSWER)) == Kept(True, 0)


@pytest.mark.parametrize(
    ("eviction", "gone"),
    [
        (Eviction.FIFO, [0, 1]),  # the first to come
        (Eviction.LRU, [1, 2]),  # 0 was used since
        (Eviction.LFU, [2, 3]),  # 0 and 1 were used twice and once; of the others the older ones
    ],
)
def test_what_has_to_go_is_what_the_policy_says(eviction, gone):
    policy = policy_of(eviction=eviction, budget_bytes=SIZE * MOST_OF_BUDGET)

    async def work(cache):
        for number in range(MOST_OF_BUDGET):
            await cache.put(policy, key(number), ANSWER)
        uses = [1, 0, 0] if eviction == Eviction.LFU else [0]
        for number in uses:
            await cache.get(policy, key(number))
        evicted = [await cache.put(policy, key(number), ANSWER) for number in (100, 101)]
        assert evicted == [Kept(True, 1), Kept(True, 1)]
        return [number for number in range(MOST_OF_BUDGET) if await cache.get(policy, key(number)) is None]

    assert with_cache(work) == gone


steps = st.lists(st.tuples(st.sampled_from(["get", "put"]), st.integers(0, 11)), max_size=40)


@given(steps, st.sampled_from(Eviction))
@settings(max_examples=60, deadline=None)
def test_every_order_of_uses_evicts_as_a_model_does(done, eviction):
    policy = policy_of(eviction=eviction, budget_bytes=SIZE * MOST_OF_BUDGET)
    model: OrderedDict[int, int] = OrderedDict()  # number: uses; in the order of arrival or last use

    def use(number):
        model[number] += 1
        if eviction != Eviction.FIFO:
            model.move_to_end(number)

    def victim():
        if eviction == Eviction.LFU:
            return min(model, key=lambda number: (model[number], list(model).index(number)))
        return next(iter(model))

    async def work(cache):
        for step, number in done:
            if step == "get":
                found = await cache.get(policy, key(number)) is not None
                assert found == (number in model)
                if found:
                    use(number)
            else:
                model.pop(number, None)
                expected = 0
                while len(model) >= MOST_OF_BUDGET:
                    del model[victim()]
                    expected += 1
                model[number] = 1
                assert await cache.put(policy, key(number), ANSWER) == Kept(True, expected)

    with_cache(work)


def test_the_budget_holds_for_answers_of_any_size(valkey):
    policy = policy_of(budget_bytes=SIZE * 20)

    async def work(cache):
        for number in range(100):
            await cache.put(policy, key(number), make_answer("y" * (number * 13 % 700)))

    with_cache(work)
    books = keys_of(policy.project_id, policy.route)
    counted = int(valkey.hget(books.facts, "bytes"))
    stored = [valkey.strlen(books.entry + digest) + ENTRY_OVERHEAD for digest in valkey.zrange(books.order, 0, -1)]
    assert counted == sum(stored) <= policy.budget_bytes
    assert valkey.zcard(books.order) == valkey.zcard(books.expiry) == valkey.hlen(books.sizes) == len(stored)


def test_an_answer_that_would_push_out_everything_else_is_not_kept():
    policy = policy_of(budget_bytes=SIZE * MOST_OF_BUDGET - 1)
    assert with_cache(lambda cache: cache.put(policy, key(1), ANSWER)) == Kept(False)


def test_another_order_takes_effect_with_the_next_answer():
    fields = {"project_id": str(uuid4()), "budget_bytes": SIZE * MOST_OF_BUDGET}
    lru, lfu = make_policy(eviction=Eviction.LRU, **fields), make_policy(eviction=Eviction.LFU, **fields)

    async def work(cache):
        for number in range(MOST_OF_BUDGET):
            await cache.put(lru, key(number), ANSWER)
        await cache.put(lfu, key(100), ANSWER)  # 0 goes, and from now on uses count
        for _ in range(3):
            await cache.get(lfu, key(1))
        await cache.put(lfu, key(101), ANSWER)
        await cache.put(lfu, key(102), ANSWER)
        by_use = [number for number in range(MOST_OF_BUDGET) if await cache.get(lru, key(number)) is None]
        await cache.put(lru, key(103), ANSWER)
        return by_use

    assert with_cache(work) == [0, 2, 3]


def test_what_the_server_threw_out_by_itself_is_forgotten_at_the_next_look(valkey):
    policy = policy_of()
    with_cache(lambda cache: cache.put(policy, key(1), ANSWER))
    books = keys_of(policy.project_id, policy.route)
    valkey.delete(books.entry + key(1))
    assert with_cache(lambda cache: cache.get(policy, key(1))) is None
    assert (valkey.hget(books.facts, "bytes"), valkey.zcard(books.order)) == (b"0", 0)


@pytest.mark.parametrize("lost", ["order", "expiry", "sizes", "facts"])
def test_lost_books_are_no_reason_to_fail_or_to_run_forever(valkey, lost):
    policy = policy_of(budget_bytes=SIZE * MOST_OF_BUDGET)

    async def fill(cache, numbers):
        return [await cache.put(policy, key(number), ANSWER) for number in numbers]

    with_cache(lambda cache: fill(cache, range(MOST_OF_BUDGET)))
    valkey.delete(getattr(keys_of(policy.project_id, policy.route), lost))
    kept = with_cache(lambda cache: fill(cache, range(100, 100 + 2 * MOST_OF_BUDGET)))
    assert all(each.stored for each in kept)
    assert with_cache(lambda cache: cache.get(policy, key(100 + 2 * MOST_OF_BUDGET - 1))) == ANSWER


def test_bytes_of_another_version_are_a_miss(valkey):
    policy = policy_of()
    valkey.set(keys_of(policy.project_id, policy.route).entry + key(1), b"\x01what is this")
    assert with_cache(lambda cache: cache.get(policy, key(1))) is None


def test_a_server_that_is_away_is_a_miss_and_one_line_in_the_log(caplog):
    policy = policy_of()

    async def work(cache):
        cache.availability.pause = 0.0
        for _ in range(5):
            assert await cache.get(policy, key(1)) is None
            assert await cache.put(policy, key(1), ANSWER) == Kept(False)

    with caplog.at_level(logging.INFO):
        with_cache(work, "redis://127.0.0.1:1/0")
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "The answer cache is away" in caplog.text


def test_a_server_that_hangs_costs_one_short_wait_and_then_none_for_a_while():
    policy = policy_of()

    async def work():
        async def hang(reader, writer):
            while await reader.read(1000):
                continue  # and never an answer
            writer.close()

        server = await asyncio.start_server(hang, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        cache = ExactCache(f"redis://127.0.0.1:{port}/0", timeout=0.05)
        loop = asyncio.get_running_loop()
        started = loop.time()
        for _ in range(100):
            assert await cache.get(policy, key(1)) is None
        took = loop.time() - started
        await cache.aclose()
        server.close()
        await asyncio.sleep(0)
        return took

    assert asyncio.run(work()) < 1.0
