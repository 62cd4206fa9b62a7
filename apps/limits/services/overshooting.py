"""How far a limit may be passed at worst."""

from collections.abc import Sequence

from apps.limits.domain.overshoot import Overshoot
from apps.limits.domain.rules import Away
from apps.limits.engine.usage import CounterUsage, processes_running, usage_of
from apps.limits.models import Limit
from apps.limits.queries import rule_of


def overshoot_of(limit: Limit) -> Overshoot:
    """Of the fullest counter, where the limit has several; UsageUnknown while Redis is away."""
    return overshoot_from(limit, usage_of([limit])[limit.id], processes_running())


def overshoot_from(limit: Limit, counters: Sequence[CounterUsage], processes: int) -> Overshoot:
    holders = {lease.process for counter in counters for lease in counter.leases}
    return Overshoot(
        leased=max((counter.leased for counter in counters), default=0),
        local=rule_of(limit).local_share(),
        processes=max(processes, len(holders)),
        away=Away(limit.away),
        hard=limit.hard,
    )
