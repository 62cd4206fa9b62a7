"""What one gateway process knows of its targets and routes from the requests before."""

import random
from collections import defaultdict

from apps.gateway.domain.admission import Gate
from apps.gateway.domain.health import Health
from apps.gateway.domain.hedging import HedgeShare
from apps.gateway.domain.policy import Queue
from apps.gateway.domain.retrying import RetryBudget


class Targets:
    """Health and gates by model, budgets by route. Small, and as many as there are models and routes."""

    def __init__(self, chance: random.Random | None = None) -> None:
        self.chance = chance or random.Random()  # noqa: S311  (of targets, not of secrets)
        self.healths: defaultdict[str, Health] = defaultdict(Health)
        self.retries: defaultdict[str, RetryBudget] = defaultdict(RetryBudget)
        self.hedges: defaultdict[str, HedgeShare] = defaultdict(HedgeShare)
        self._gates: dict[str, Gate] = {}

    def gate(self, model_id: str, limit: int, queue: Queue) -> Gate:
        """The one of this model, with the limits of the policy that asks."""
        gate = self._gates.get(model_id)
        if gate is None:
            gate = self._gates[model_id] = Gate(limit, queue.size, queue.timeout_ms / 1000)
        gate.limit, gate.line, gate.timeout = limit, queue.size, queue.timeout_ms / 1000
        return gate
