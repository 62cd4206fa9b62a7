"""Where a request of a certain kind would go, and why: a route's policy tried out without asking anybody."""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from apps.gateway.domain.choosing import Facts, choose, excluded
from apps.gateway.domain.health import Health
from apps.gateway.domain.policy import Policy


@dataclass(frozen=True)
class Step:
    """A target and why it is asked, or is not. place: when it is asked, from 1; None for never."""

    model: str
    why: str
    place: int | None


def dry_run(policy: Policy, asked: Mapping[str, Any]) -> list[Step]:
    """The targets in the order in which they would be asked if all were well, then those that would not be.

    asked: user, session, environment, dialect, streaming, metadata and tokens, as in Facts; all of it optional.
    """
    facts = Facts(
        user=asked.get("user") or "",
        session=asked.get("session") or "",
        environment=asked.get("environment") or "",
        dialect=asked.get("dialect") or "chat",
        streaming=bool(asked.get("streaming")),
        metadata=asked.get("metadata") or {},
        tokens=lambda: asked.get("tokens") or 0,
    )
    healths = [Health() for _ in policy.targets]
    chosen = choose(policy, facts, healths, 0.0, random.SystemRandom())
    steps = [Step(policy.targets[choice.index].model, choice.why, place) for place, choice in enumerate(chosen, 1)]
    return steps + [Step(policy.targets[index].model, why, None) for index, why in excluded(policy, facts)]
