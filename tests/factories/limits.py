"""Rules, limiters and limits for tests."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar
from uuid import uuid4

from apps.accounts.models import ApiKey, Project
from apps.accounts.services import Actor
from apps.limits.domain.admission import Admission
from apps.limits.domain.ledger import SpendQuestion
from apps.limits.domain.refusals import LimitReached
from apps.limits.domain.rules import Ask, Metric, Rule, Window
from apps.limits.engine.limiter import Limiter
from apps.limits.engine.store import StoreSettings
from apps.limits.models import Limit
from apps.limits.queries import rules_by_key
from apps.limits.services import NewLimit, create_limit

T = TypeVar("T")
DOLLAR = 1_000_000_000
# Redis is busy with other tests too: no test may fail because it took its time.
PATIENT_SECONDS = 5.0


class KnownLedger:
    """A ledger that knows of `spent` nano-dollars, whatever it is asked, and remembers the questions."""

    def __init__(self, spent: int = 0) -> None:
        self.spent = spent
        self.questions: list[SpendQuestion] = []

    async def __call__(self, question: SpendQuestion) -> int:
        self.questions.append(question)
        return self.spent


def make_rule(metric: Metric = Metric.REQUESTS, value: int = 10, **fields: Any) -> Rule:
    """A limit that no other test knows; without a window's end, so that no test depends on the time."""
    limit = str(uuid4())
    known = {"limit": limit, "organisation": str(uuid4()), "counter": limit, "title": "of a test"}
    return Rule(**(known | {"window": Window.TOTAL, "metric": metric, "value": value} | fields))


def make_limiter(
    *, url: str | None = None, ledger: Any = None, admission_s: float = 3600.0, **settings: Any
) -> Limiter:
    chosen = StoreSettings(**({"timeout_s": PATIENT_SECONDS} | settings))
    return Limiter(
        redis_url=url or os.environ["REDIS_URL"],
        ledger=ledger or KnownLedger(),
        settings=chosen,
        admission_s=admission_s,
    )


def with_limiters(work: Callable[..., Awaitable[T]], count: int = 1, **options: Any) -> T:
    """What `work` makes of `count` limiters, which share nothing but Redis, as processes do."""

    async def whole() -> T:
        limiters = [make_limiter(**options) for _ in range(count)]
        try:
            return await work(*limiters)
        finally:
            for limiter in limiters:
                await limiter.aclose()

    return asyncio.run(whole())


def make_limit(project: Project, metric: Metric = Metric.REQUESTS, value: int = 10, **fields: Any) -> Limit:
    known = {"title": "of a test", "window": Window.DAY, "metric": metric, "value": value}
    return create_limit(actor=Actor(), project=project, new=NewLimit(**(known | fields)))


def rules_for(key: ApiKey) -> tuple[Rule, ...]:
    return rules_by_key().get(str(key.id), ())


async def let_in(limiter: Limiter, rules: Any, ask: Ask | None = None) -> Admission | LimitReached:
    """The admission, or the refusal."""
    try:
        return await limiter.admit(rules, ask or Ask())
    except LimitReached as refusal:
        return refusal


async def count_in(limiter: Limiter, rules: Any, tries: int, ask: Ask | None = None) -> int:
    """How many of `tries` equal requests are let in; none of them ends."""
    found = [await let_in(limiter, rules, ask) for _ in range(tries)]
    return sum(not isinstance(one, LimitReached) for one in found)
