"""What other apps ask of limits: the limiter of a gateway process, its rules, and setting limits."""

from apps.limits.domain.admission import NOTHING_LIMITED, Admission
from apps.limits.domain.ledger import Ledger, LedgerAway, SpendQuestion
from apps.limits.domain.overshoot import Overshoot
from apps.limits.domain.refusals import LimitReached
from apps.limits.domain.rules import Ask, Away, Metric, Rule, Window
from apps.limits.engine.django_ledger import ledger_in_database
from apps.limits.engine.limiter import Limiter
from apps.limits.engine.store import StoreSettings as LimiterSettings
from apps.limits.engine.usage import CounterUsage, OpenLease, UsageUnknown, processes_running, usage_of
from apps.limits.queries import rules_by_key
from apps.limits.services.limits import (
    CHANGEABLE,
    NewLimit,
    change_limit,
    create_limit,
    may_set_for_organisation,
    remove_limit,
)
from apps.limits.services.overshooting import overshoot_from, overshoot_of
from apps.limits.services.reading import CounterRow, LimitRow, Overview, overview_of, row_of

__all__ = [
    "CHANGEABLE",
    "NOTHING_LIMITED",
    "Admission",
    "Ask",
    "Away",
    "CounterRow",
    "CounterUsage",
    "Ledger",
    "LedgerAway",
    "LimitReached",
    "LimitRow",
    "Limiter",
    "LimiterSettings",
    "Metric",
    "NewLimit",
    "OpenLease",
    "Overshoot",
    "Overview",
    "Rule",
    "SpendQuestion",
    "UsageUnknown",
    "Window",
    "change_limit",
    "create_limit",
    "ledger_in_database",
    "may_set_for_organisation",
    "overshoot_from",
    "overshoot_of",
    "overview_of",
    "processes_running",
    "remove_limit",
    "row_of",
    "rules_by_key",
    "usage_of",
]
