"""Running cases against a gateway."""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from apps.gateway.lab.cases.group import Case
from apps.gateway.lab.checks import Failed, NotApplicable
from apps.gateway.lab.provider.server import Provider
from apps.gateway.lab.target import Target
from apps.gateway.lab.trial import Trial

log = logging.getLogger(__name__)

PASSED, FAILED, NOT_APPLICABLE = "passed", "failed", "not_applicable"
AT_ONCE = 6
REACH_SECONDS = 30.0
CASE_SECONDS = 120.0


class Unreachable(Exception):
    """The gateway does not answer, or its answers don't come from the lab's provider."""


@dataclass(frozen=True)
class Verdict:
    """seen: what was seen instead, or the rule by which the case does not apply."""

    case: Case
    outcome: str
    seen: str = ""
    seconds: float = 0.0


async def wait_until_reached(target: Target, provider: Provider) -> str:
    """Until the gateway passes a request on to the provider; the name of its server software. Unreachable otherwise."""
    last, deadline = "", time.monotonic() + REACH_SECONDS
    while time.monotonic() < deadline:
        trial = Trial(target, provider)
        try:
            answer = await trial.good(trial.chat())
            if trial.calls:
                return answer.header("server")
            last = "the answer did not come from the lab's provider"
        except Failed as failure:
            last = str(failure)
        await asyncio.sleep(0.25)
    raise Unreachable(f"The gateway does not reach the lab's provider at {provider.url}: {last}")


async def run(
    cases: Sequence[Case], target: Target, provider: Provider, report: Callable[[Verdict], None]
) -> list[Verdict]:
    """All verdicts in the order of the cases; those that have to be alone run last, one by one."""
    places = asyncio.Semaphore(AT_ONCE)

    async def judged(case: Case) -> Verdict:
        async with places:
            verdict = await judge(case, Trial(target, provider))
        report(verdict)
        return verdict

    together = [case for case in cases if not case.alone]
    verdicts = await asyncio.gather(*(judged(case) for case in together))
    verdicts += [await judged(case) for case in cases if case.alone]
    order = {case.id: place for place, case in enumerate(cases)}
    return sorted(verdicts, key=lambda verdict: order[verdict.case.id])


async def judge(case: Case, trial: Trial) -> Verdict:
    started = time.monotonic()
    outcome, seen = PASSED, ""
    try:
        async with asyncio.timeout(CASE_SECONDS):
            await case.check(trial)
    except NotApplicable as rule:
        outcome, seen = NOT_APPLICABLE, str(rule)
    except Failed as failure:
        outcome, seen = FAILED, str(failure)
    except TimeoutError:
        outcome, seen = FAILED, f"no end within {CASE_SECONDS:.0f} s"
    except Exception as trouble:
        # An answer of a shape that the check did not expect: the gateway's doing, and worth a look at the check.
        log.info("Case %s could not read an answer.", case.id, exc_info=True)
        outcome, seen = FAILED, f"an answer that could not be read ({type(trouble).__name__}: {trouble})"
    return Verdict(case, outcome, seen, time.monotonic() - started)
