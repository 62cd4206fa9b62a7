"""What was spent since a moment, reserves included: where budgets begin to count."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import Sum

from apps.accounts.models import Organisation, Project
from apps.billing.models import LedgerEntry, OpenReserve, SpendHour

# Who spends -> the field of the ledger that says so; the total has none.
_FIELDS: Final = {"total": "", "key": "key_id", "user": "end_user", "model": "model"}


@dataclass(frozen=True)
class Spent:
    """Nano-dollars. settled: with its adjustments; reserved: by calls of which nobody knows yet what they cost."""

    settled_nano: int = 0
    reserved_nano: int = 0

    @property
    def total_nano(self) -> int:
        return self.settled_nano + self.reserved_nano


def spent_since(owner: Project | Organisation, since: datetime, *, by: str = "total", value: str = "") -> Spent:
    """What calls that began at `since` or later cost a whole project or organisation, or one part of it.

    by: `total`, or `key` (value: its UUID as text), `user`, `model`. Sums of hours, and single entries for the part of
    an hour at the beginning, so that the cost doesn't grow with traffic. A call that is settled while this looks may
    be in both figures, and never in neither.
    """
    if by not in _FIELDS:
        raise ValueError(f"by: one of {', '.join(_FIELDS)}, not {by!r}")
    place: dict[str, Any] = {"project": owner} if isinstance(owner, Project) else {"project__organisation": owner}
    only = {_FIELDS[by]: value} if _FIELDS[by] else {}
    reserves = OpenReserve.objects.open().begun_since(since).filter(**place)
    reserves = reserves.filter(**{f"entry__{name}": wanted for name, wanted in only.items()})
    reserved = reserves.aggregate(sum=Sum("amount_nano"))["sum"] or 0
    first = _next_hour(since)
    hours = SpendHour.objects.along(by).filter(hour__gte=first, value=value if only else "", **place)
    settled = hours.aggregate(sum=Sum("amount_nano"))["sum"] or 0
    if first > since:
        entries = LedgerEntry.objects.spent().between(since, first).filter(**place, **only)
        settled += entries.aggregate(sum=Sum("amount_nano"))["sum"] or 0
    return Spent(int(settled), int(reserved))


def _next_hour(moment: datetime) -> datetime:
    hour = moment.replace(minute=0, second=0, microsecond=0)
    return hour if hour == moment else hour + timedelta(hours=1)
