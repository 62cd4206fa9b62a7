"""A run of the lab from its beginning to its result."""

from collections.abc import Callable, Sequence
from typing import Any

from apps.gateway.lab.cases import CASES, Case
from apps.gateway.lab.provider.server import Provider
from apps.gateway.lab.runner import Verdict, run, wait_until_reached
from apps.gateway.lab.scorecard import result_of
from apps.gateway.lab.target import Target


class UnknownCase(ValueError):
    """A case was asked for that doesn't exist."""


def chosen(names: Sequence[str]) -> list[Case]:
    """The cases with these ids, or that belong to a requirement with this number; all when none is named."""
    known = {case.id for case in CASES} | {str(case.requirement) for case in CASES}
    if unknown := sorted(set(names) - known):
        raise UnknownCase(f"There is no case or requirement called {', '.join(unknown)}.")
    wanted = set(names)
    return [case for case in CASES if not wanted or {case.id, str(case.requirement)} & wanted]


async def examine(
    target: Target, provider: Provider, cases: Sequence[Case], report: Callable[[Verdict], None]
) -> dict[str, Any]:
    """The scorecard as plain data; Unreachable when the gateway doesn't get to the provider."""
    server = await wait_until_reached(target, provider)
    verdicts = await run(cases, target, provider, report)
    address = target.address
    return result_of(verdicts, gateway={"url": f"{address.authority}{address.prefix}", "server": server})
