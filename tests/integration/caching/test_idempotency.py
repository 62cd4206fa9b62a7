"""Idempotency keys in a real Valkey: one does the work, its twins get the answer."""

import asyncio
import os
import subprocess
import sys
import textwrap
from uuid import uuid4

import pytest
import redis

from apps.caching.engine.idempotency import (
    KEPT_SECONDS,
    MOST_BYTES,
    AnswerNotKept,
    Claim,
    IdempotencyAway,
    IdempotencyConflict,
    IdempotencyStore,
    KeptResponse,
    StillRunning,
    body_fingerprint,
)

BODY = body_fingerprint("POST", "/v1/chat/completions", b'{"model":"m"}')
OTHER = body_fingerprint("POST", "/v1/chat/completions", b'{"model":"n"}')
ANSWER = KeptResponse(200, [(b"content-type", b"application/json")], b'{"id":"chatcmpl-1"}')


def with_store(work, **options):
    async def whole():
        store = IdempotencyStore(options.pop("url", os.environ["REDIS_URL"]), **options)
        try:
            async with asyncio.timeout(20):
                return await work(store)
        finally:
            await store.aclose()

    return asyncio.run(whole())


@pytest.fixture
def key() -> str:
    return f"key-{uuid4()}"


def test_the_first_request_does_the_work_and_its_twin_gets_the_answer(key):
    async def work(store):
        claim = await store.claim("k1", key, BODY)
        assert isinstance(claim, Claim)
        assert await store.claim("k1", key, BODY) is None
        assert await store.finish(claim, ANSWER)
        return await store.claim("k1", key, BODY)

    assert with_store(work) == ANSWER


def test_another_body_is_a_conflict_before_and_after_the_answer(key):
    async def work(store):
        claim = await store.claim("k1", key, BODY)
        with pytest.raises(IdempotencyConflict, match="another body"):
            await store.claim("k1", key, OTHER)
        await store.finish(claim, ANSWER)
        with pytest.raises(IdempotencyConflict):
            await store.claim("k1", key, OTHER)

    with_store(work)


def test_keys_of_other_api_keys_are_other_keys(key):
    async def work(store):
        await store.finish(await store.claim("k1", key, BODY), ANSWER)
        return await store.claim("k2", key, OTHER)

    assert isinstance(with_store(work), Claim)


def test_a_released_key_is_free_for_the_next(key):
    async def work(store):
        claim = await store.claim("k1", key, BODY)
        assert await store.release(claim)
        assert not await store.release(claim)
        return await store.claim("k1", key, OTHER)

    assert isinstance(with_store(work), Claim)


def test_releasing_after_the_answer_keeps_the_answer(key):
    async def work(store):
        claim = await store.claim("k1", key, BODY)
        async with store.holding(claim):
            await store.finish(claim, ANSWER)
        return await store.claim("k1", key, BODY)

    assert with_store(work) == ANSWER


def test_whoever_fails_while_holding_gives_the_key_back(key):
    async def work(store):
        claim = await store.claim("k1", key, BODY)
        with pytest.raises(ValueError, match="broken"):
            async with store.holding(claim):
                raise ValueError("broken")
        return await store.claim("k1", key, BODY)

    assert isinstance(with_store(work), Claim)


def test_a_twin_waits_for_the_answer(key):
    async def work(store):
        claim = await store.claim("k1", key, BODY)
        waiting = asyncio.create_task(store.claim_or_wait("k1", key, BODY, within=10))
        await asyncio.sleep(0)
        assert not waiting.done()
        await store.finish(claim, ANSWER)
        return await waiting

    assert with_store(work) == ANSWER


def test_a_twin_does_not_wait_forever(key):
    async def work(store):
        await store.claim("k1", key, BODY)
        with pytest.raises(StillRunning):
            await store.claim_or_wait("k1", key, BODY, within=0.1)

    with_store(work)


def test_of_many_twins_at_once_one_does_the_work(key):
    async def work(store):
        done = 0

        async def request():
            nonlocal done
            found = await store.claim_or_wait("k1", key, BODY, within=10)
            if isinstance(found, Claim):
                async with store.holding(found):
                    done += 1
                    await asyncio.sleep(0)
                    await store.finish(found, ANSWER)
                return ANSWER
            return found

        answers = await asyncio.gather(*(request() for _ in range(40)))
        assert set(map(repr, answers)) == {repr(ANSWER)}
        return done

    assert with_store(work) == 1


def test_holding_renews_the_lease_for_as_long_as_the_work_takes(key):
    async def work(store):
        claim = await store.claim("k1", key, BODY)
        async with store.holding(claim):
            with pytest.raises(StillRunning):
                await store.claim_or_wait("k1", key, BODY, within=0.9)
            await store.finish(claim, ANSWER)
        return await store.claim("k1", key, BODY)

    assert with_store(work, lease=0.3) == ANSWER


def test_a_lease_that_nobody_renews_is_taken_over_and_the_late_one_changes_nothing(key):
    async def work(store):
        late = await store.claim("k1", key, BODY)
        taken = await store.claim_or_wait("k1", key, BODY, within=10)
        assert isinstance(taken, Claim)
        assert not await store.renew(late)
        assert not await store.release(late)
        assert not await store.finish(late, ANSWER)
        assert await store.finish(taken, KeptResponse(200, [], b"taken"))
        return await store.claim("k1", key, BODY)

    assert with_store(work, lease=0.1).body == b"taken"


def test_the_answer_of_a_lapsed_lease_is_kept_if_nobody_else_came(key):
    async def work(store):
        claim = await store.claim("k1", key, BODY)
        with redis.Redis.from_url(os.environ["REDIS_URL"]) as client:
            client.delete(claim.name)  # the lease runs out
        assert await store.finish(claim, ANSWER)
        return await store.claim("k1", key, BODY)

    assert with_store(work) == ANSWER


def test_the_twins_of_a_process_that_was_killed_take_over(key):
    code = f"""
    import asyncio, os, signal
    from apps.caching.engine.idempotency import IdempotencyStore

    async def main():
        store = IdempotencyStore(os.environ["REDIS_URL"], lease=0.5)
        claim = await store.claim("k1", {key!r}, bytes.fromhex({BODY.hex()!r}))
        async with store.holding(claim):
            print("holding", flush=True)
            os.kill(os.getpid(), signal.SIGKILL)

    import django; django.setup()
    asyncio.run(main())
    """
    killed = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True)
    assert killed.stdout == "holding\n", killed.stderr
    assert killed.returncode == -9

    found = with_store(lambda store: store.claim_or_wait("k1", key, BODY, within=10))
    assert isinstance(found, Claim)


def test_answers_are_kept_for_a_day_and_leases_for_seconds(key):
    async def work(store):
        with redis.Redis.from_url(os.environ["REDIS_URL"]) as client:
            claim = await store.claim("k1", key, BODY)
            running = client.pttl(claim.name)
            await store.finish(claim, ANSWER)
            return running, client.ttl(claim.name)

    running, kept = with_store(work)
    assert 0 < running <= 15_000
    assert KEPT_SECONDS - 60 < kept <= KEPT_SECONDS


def test_an_answer_too_large_to_keep_is_not_worked_out_twice(key):
    async def work(store):
        claim = await store.claim("k1", key, BODY)
        assert await store.finish(claim, KeptResponse(200, [], os.urandom(MOST_BYTES + 1)))
        with pytest.raises(AnswerNotKept):
            await store.claim("k1", key, BODY)

    with_store(work)


def test_hostile_keys_are_keys_like_others():
    async def work(store):
        claims = [
            await store.claim("k1", hostile + str(uuid4()), BODY) for hostile in ("\0", "é" * 9_000, "\ud800", "")
        ]
        assert all(isinstance(claim, Claim) and len(claim.name) < 200 for claim in claims)

    with_store(work)


def test_without_the_server_nobody_is_told_that_it_is_safe(key):
    async def work(store):
        with pytest.raises(IdempotencyAway):
            await store.claim("k1", key, BODY)

    with_store(work, url="redis://127.0.0.1:1/0")


def test_fingerprints_depend_on_method_path_and_body():
    found = {
        body_fingerprint("POST", "/v1/a", b"x"),
        body_fingerprint("PUT", "/v1/a", b"x"),
        body_fingerprint("POST", "/v1/b", b"x"),
        body_fingerprint("POST", "/v1/a", b"y"),
    }
    assert len(found) == 4
