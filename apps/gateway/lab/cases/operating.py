"""Caches, revoked keys and restarts (34 to 36)."""

import asyncio
import os
import signal
from typing import Any

from apps.gateway.lab.cases.group import Group
from apps.gateway.lab.cases.reading import message_of, openai_error, whole_chat_stream
from apps.gateway.lab.checks import Failed, equal, expect
from apps.gateway.lab.client import Answer, Request
from apps.gateway.lab.texts import GREETING
from apps.gateway.lab.trial import Trial

group = Group("Caches and operation")
case = group.case

# What revocation may take: the bound that this project states.
REVOKED_WITHIN_SECONDS = 2.0


def _cached(trial: Trial, **members: Any) -> Request:
    return trial.chat(model=trial.told("cached_model"), temperature=0, **members)


async def _from_cache(trial: Trial, request: Request) -> Answer:
    """The first answer that took no call: a gateway may keep what it answered a moment after it did."""
    for _ in range(20):
        before = trial.calls
        answer = await trial.good(request)
        if trial.calls == before:
            return answer
        await asyncio.sleep(0.05)
    raise Failed(f"the same request went to the provider {trial.calls} times")


@case("cache-hit", 34, "The same request again is answered from the cache")
async def hit(trial: Trial) -> None:
    first = await trial.good(_cached(trial))
    second = await _from_cache(trial, _cached(trial))
    equal(message_of(second), message_of(first), "the second message")


@case("cache-replay-stream", 34, "A hit is a valid stream where one was asked for", "It comes as one JSON body.")
async def replay(trial: Trial) -> None:
    await trial.good(_cached(trial))
    await _from_cache(trial, _cached(trial))
    whole_chat_stream(await _from_cache(trial, _cached(trial, stream=True)), trial.words)


@case("cache-from-stream", 34, "A stream fills the cache for both")
async def from_stream(trial: Trial) -> None:
    whole_chat_stream(await trial.good(_cached(trial, stream=True)), trial.words)
    equal(message_of(await _from_cache(trial, _cached(trial))).get("content"), trial.words, "the text")


@case("cache-different", 34, "Whatever changes the answer is another request", "A system prompt is not looked at.")
async def different(trial: Trial) -> None:
    asked = {"role": "user", "content": trial.marker()}
    await trial.good(_cached(trial))
    await trial.good(_cached(trial, messages=[{"role": "system", "content": "Be brief."}, asked]))
    await trial.good(_cached(trial, max_tokens=5))
    equal(trial.calls, 3, "the number of calls to the provider")


@case("cache-no-store", 34, "`cache-control: no-store` is honoured")
async def no_store(trial: Trial) -> None:
    request = _cached(trial).with_headers(cache_control="no-store")
    await trial.good(request)
    await trial.good(request)
    equal(trial.calls, 2, "the number of calls to the provider")


@case("cache-failures", 34, "Failures are not cached")
async def failures(trial: Trial) -> None:
    options = {"code": 400, "times": 1}
    turns = [{"role": "user", "content": trial.marker("status", options)}]
    openai_error(await trial.ask(_cached(trial, messages=turns)), 400)
    await trial.good(_cached(trial, messages=turns))


@case("revocation", 35, "A revoked key is refused within two seconds", "Caches of keys live on for minutes.")
async def revocation(trial: Trial) -> None:
    operator = trial.operator()
    key = await operator.narrow_key()
    await trial.until_known(key)
    await operator.revoke(key)
    listing = trial.get("models").with_headers(authorization=f"Bearer {key}")
    loop = asyncio.get_running_loop()
    deadline = loop.time() + REVOKED_WITHIN_SECONDS
    while (answer := await trial.ask(listing)).status != 401:
        expect(loop.time() < deadline, f"still answered after {REVOKED_WITHIN_SECONDS} s: {answer}")
        await asyncio.sleep(0.05)


@case("drain", 36, "A gateway that is told to stop ends its open streams well", "They are cut off.", alone=True)
async def drain(trial: Trial) -> None:
    pid = int(trial.told("stop_pid"))
    async with trial.opening(trial.chat("stall", {"after": 3}, stream=True)) as exchange:
        await exchange.until_text(GREETING[1])
        os.kill(pid, signal.SIGTERM)
        await asyncio.sleep(0.5)  # so that the signal has been taken before the stream goes on
        trial.let_go()
        whole_chat_stream(await exchange.answer(), trial.words)
