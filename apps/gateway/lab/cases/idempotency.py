"""Idempotency-Key (19)."""

import asyncio

from apps.gateway.lab.cases.group import Group
from apps.gateway.lab.cases.reading import openai_error
from apps.gateway.lab.checks import equal
from apps.gateway.lab.client import Request
from apps.gateway.lab.trial import Trial

group = Group("Idempotency")
case = group.case


def _keyed(trial: Trial, request: Request) -> Request:
    return request.with_headers(idempotency_key=f"lab-{trial.nonce}")


@case("idempotency-replay", 19, "The same request with the same key is answered once, and replayed", "Paid twice.")
async def replay(trial: Trial) -> None:
    request = _keyed(trial, trial.chat())
    first, second = await trial.good(request), await trial.good(request)
    equal(trial.calls, 1, "the number of calls to the provider")
    equal(second.body, first.body, "the second answer")


@case("idempotency-stream", 19, "So is a stream")
async def replay_stream(trial: Trial) -> None:
    request = _keyed(trial, trial.chat(stream=True))
    first, second = await trial.good(request), await trial.good(request)
    equal(trial.calls, 1, "the number of calls to the provider")
    equal(second.data, first.data, "the second answer's events")


@case("idempotency-conflict", 19, "The same key with another body is a 409")
async def conflict(trial: Trial) -> None:
    await trial.good(_keyed(trial, trial.chat()))
    openai_error(await trial.ask(_keyed(trial, trial.chat(temperature=0.5))), 409)


@case("idempotency-twins", 19, "Twins that are under way at the same time are joined")
async def twins(trial: Trial) -> None:
    request = _keyed(trial, trial.chat("slow"))
    async with trial.beside(trial.good(request), trial.good(request)) as both:
        await trial.until_asked()
        await trial.stays(lambda: trial.calls == 1, 0.3, "both of two twins went to the provider")
        trial.let_go()
        first, second = await asyncio.gather(*both)
    equal(trial.calls, 1, "the number of calls to the provider")
    equal(second.body, first.body, "the second answer")


@case("idempotency-without", 19, "Without a key, the same request is asked twice")
async def without(trial: Trial) -> None:
    await trial.good(trial.chat())
    await trial.good(trial.chat())
    equal(trial.calls, 2, "the number of calls to the provider")


@case("idempotency-failure", 19, "A failed answer is not kept: the next try is a new one")
async def failure(trial: Trial) -> None:
    request = _keyed(trial, trial.chat("status", {"code": 400, "times": 1}))
    openai_error(await trial.ask(request), 400)
    await trial.good(request)
