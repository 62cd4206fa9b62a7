"""A process with a limiter and clients, as the gateway is one: `python -m … spend|hold URL RULE SHARE`."""

import asyncio
import json
import random
import sys

import msgspec

from apps.limits.domain.ledger import SpendQuestion
from apps.limits.domain.refusals import LimitReached
from apps.limits.domain.rules import Ask, Rule
from apps.limits.engine.limiter import Limiter
from apps.limits.engine.store import StoreSettings

CENT = 10_000_000
PATIENT_SECONDS = 5.0
CLIENTS = 32
WORST = 5 * CENT  # what a request may cost at most, in nano-dollars


async def nothing_spent(question: SpendQuestion) -> int:
    return 0


async def ticking(limiter: Limiter) -> None:
    while True:
        await asyncio.sleep(0.05)
        await limiter.tick()


async def client(limiter: Limiter, rule: Rule, chance: random.Random) -> int:
    """Requests until the budget is spent; each costs something between 1 cent and the worst case."""
    spent = 0
    while True:
        try:
            admission = await limiter.admit([rule], Ask(cost_nano=WORST))
        except LimitReached as refusal:
            if not refusal.retryable:
                return spent
            await asyncio.sleep(0.02)
            continue
        await asyncio.sleep(chance.uniform(0, 0.01))
        cost = chance.randint(CENT, WORST)
        admission.settle(0, cost)
        admission.release()
        spent += cost


async def spend(limiter: Limiter, rule: Rule) -> None:
    """The sum of what all clients spent, as the last line."""
    clients = [client(limiter, rule, random.Random(seed)) for seed in range(CLIENTS)]
    print(json.dumps({"spent": sum(await asyncio.gather(*clients))}), flush=True)


async def hold(limiter: Limiter, rule: Rule) -> None:
    """Take all slots there are, and keep them until killed."""
    for _ in range(rule.value):
        await limiter.admit([rule], Ask())
    print("holding", flush=True)
    await asyncio.Event().wait()


async def main(what: str, url: str, rule: str, share: str, lease_ms: str) -> None:
    settings = StoreSettings(timeout_s=PATIENT_SECONDS, lease_share=float(share), lease_ms=int(lease_ms))
    limiter = Limiter(redis_url=url, ledger=nothing_spent, settings=settings)
    tick = asyncio.create_task(ticking(limiter))
    await {"spend": spend, "hold": hold}[what](limiter, msgspec.json.decode(rule, type=Rule))
    tick.cancel()
    await limiter.aclose()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
