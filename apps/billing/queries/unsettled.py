"""Calls of which the ledger knows that they began, and not what they cost."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Sum

from apps.accounts.models import Project
from apps.billing.models import OpenReserve
from apps.billing.models.entries import OpenReserveQuerySet
from llmkit import clock

# No call takes longer, so that nothing will settle an older reserve by itself.
SETTLES_WITHIN = timedelta(minutes=15)


@dataclass(frozen=True)
class Unsettled:
    """How many, and the most they can have cost in nano-dollars."""

    count: int = 0
    amount_nano: int = 0


def unsettled_of(
    project: Project, *, older_than: timedelta = SETTLES_WITHIN, now: datetime | None = None
) -> OpenReserveQuerySet:
    """Reserves without an end, with their ledger entries, oldest first."""
    found = OpenReserve.objects.for_project(project).open().begun_before((now or clock.now()) - older_than)
    return found.select_related("entry").order_by("occurred_at", "entry")


def unsettled_sum(project: Project, *, older_than: timedelta = SETTLES_WITHIN) -> Unsettled:
    found = (
        unsettled_of(project, older_than=older_than).order_by().aggregate(count=Count("entry"), sum=Sum("amount_nano"))
    )
    return Unsettled(found["count"], int(found["sum"] or 0))
